"""What an administrator must be told about the settings of a service: the variable, and what is expected of it.

What cannot work is told by every command, `migrate` among them; what is only risky, or what a running service must
still be able to change (a key that is too short), by `manage.py check --deploy`. Without a secret, with one of the
demo's or with a word that is not known nothing starts (gridcenter/environment.py).
"""

import re

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from core import ciphers

SECRET_LENGTH = 32  # characters: 192 bits as token_urlsafe writes them
SECRET_VARIETY = 8  # different characters; a made-up word repeated has fewer
RATE = re.compile(r"[1-9][0-9]*/(s|sec|second|m|min|minute|h|hour|d|day)s?")


@register(Tags.security)
def field_keys_can_be_read(app_configs=None, **kwargs):
    """core.E002: private fields could neither be written nor read."""
    try:
        ciphers.writing_key()
    except ImproperlyConfigured as error:
        hint = _(
            "FIELD_KEYS holds id:base64 of 32 or 16 bytes, by commas; .env.example says how one is made."
        )
        return [Error(str(error), hint=hint, id="core.E002")]
    return []


@register(Tags.compatibility)
def throttle_rates_can_be_read(app_configs=None, **kwargs):
    """core.E003: every request that is counted by such a rate would fail."""
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    hint = _("Expected: a number, a slash and s, min, hour or day, such as 600/min.")
    return [
        Error(
            _("THROTTLE_%(name)s is %(rate)s.") % {"name": scope.upper(), "rate": repr(rate)},
            hint=hint,
            id="core.E003",
        )
        for scope, rate in rates.items()
        if not RATE.fullmatch(rate)
    ]


@register(Tags.security, deploy=True)
def mode_is_that_of_a_service(app_configs=None, **kwargs):
    """core.E004: the demo's secrets are public, and it answers to every name."""
    if settings.GRIDCENTER_MODE == "service":
        return []
    words = _("GRIDCENTER_MODE is %(mode)s: its secrets are public, it must never face a network.")
    hint = _("Leave GRIDCENTER_MODE out, or set it to service.")
    return [Error(words % {"mode": settings.GRIDCENTER_MODE}, hint=hint, id="core.E004")]


@register(Tags.security, deploy=True)
def secrets_are_long_enough(app_configs=None, **kwargs):
    """core.E005: a secret that can be guessed."""
    words = _(
        "%(name)s is too short or too uniform: expected are at least %(length)d characters, made by chance."
    )
    hint = _(
        ".env.example says how one is made; HASH_KEY is changed with HASH_KEY_OLD and manage.py rotate_hashes."
    )
    return [
        Error(words % {"name": name, "length": SECRET_LENGTH}, hint=hint, id="core.E005")
        for name in ("SECRET_KEY", "HASH_KEY")
        if len(getattr(settings, name)) < SECRET_LENGTH or len(set(getattr(settings, name))) < SECRET_VARIETY
    ]


@register(Tags.compatibility, deploy=True)
def servers_are_there(app_configs=None, **kwargs):
    """core.W002, core.W003: what stands in for Redis and PostgreSQL is made for one process on one machine."""
    found = []
    if not settings.REDIS_URL:
        words = _(
            "REDIS_URL is empty: tasks wait in files, and every process counts its throttles for itself."
        )
        found.append(Warning(words, hint=_("Expected: redis://:password@host:6379/0."), id="core.W002"))
    if settings.DATABASE_URL.startswith("spatialite"):
        words = _("DATABASE_URL names SpatiaLite: one writes at a time, and deploy/backup cannot save it.")
        found.append(
            Warning(words, hint=_("Expected: postgis://user:password@host:5432/name."), id="core.W003")
        )
    return found


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs=None, **kwargs):
    """core.W004: whoever sends a request could choose the host that links are made with. (Empty: Django's W020.)"""
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = _("Expected: the host names by which it is reached, by commas.")
    return [Warning(_("ALLOWED_HOSTS is *: every host name is believed."), hint=hint, id="core.W004")]
