"""Small parts of every page: icons, lights with words, spans of time, form fields."""

from datetime import datetime, timedelta

from django import template
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

register = template.Library()

LIGHT_WORDS = {
    "green": gettext_lazy("In time"),
    "yellow": gettext_lazy("About to be late"),
    "red": gettext_lazy("Late"),
    "paused": gettext_lazy("Clock stands still"),
    "none": gettext_lazy("No clock"),
}
MINUTE, HOUR, DAY = 60, 3600, 86400


@register.simple_tag
def icon(name):
    """An icon of the sprite that the front-end build makes (frontend/icons.js); decorative: words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("dist/icons.svg"),
        name,
    )


@register.simple_tag
def light(value, words=""):
    """A light: shape, words and colour together. `words` replaces the light's usual name."""
    value = value if value in LIGHT_WORDS else "none"
    return format_html(
        '<span class="light light-{}">{}<span>{}</span></span>',
        value,
        icon(f"light-{value}"),
        words or LIGHT_WORDS[value],
    )


@register.filter
def span(seconds) -> str:
    """Seconds in at most two units: "2 d 3 h", "3 h 20 min", "12 min". Empty for None."""
    if seconds is None:
        return ""
    seconds = abs(int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds))
    days, hours, minutes = seconds // DAY, seconds % DAY // HOUR, seconds % HOUR // MINUTE
    if days >= 10 or (days and not hours):
        return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)s min") % {"minutes": minutes}


def due_words(due: datetime, now: datetime | None = None) -> str:
    """ "3 h 20 min left" or "2 d 3 h late"."""
    left = (due - (now or timezone.now())).total_seconds()
    return (_("%(span)s left") if left >= 0 else _("%(span)s late")) % {"span": span(left)}


@register.filter
def until(due):
    """How long until a moment, or how long past it, in words."""
    return due_words(due) if due else ""


@register.filter
def moment(value) -> str:
    """A moment as people at a desk read it: today "14:05", this year "11-21 14:05", else "2025-11-21 14:05"."""
    if not value:
        return ""
    local, today = timezone.localtime(value), timezone.localdate()
    if local.date() == today:
        return _("today %(time)s") % {"time": local.strftime("%H:%M")}
    return local.strftime("%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M")


@register.filter
def percent(share, digits=1) -> str:
    """0.9731 as 97.3%."""
    return "—" if share is None else f"{float(share) * 100:.{digits}f}%"


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, label_class=""):
    """One form field with label, hint and errors, tied together for screen readers."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "") or ("select" if hasattr(widget, "choices") else "")
    css = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select"}.get(
        kind, "form-control"
    )
    described = " ".join(
        f"{bound.auto_id}_{part}"
        for part, there in (("hint", bound.help_text), ("errors", bound.errors))
        if there
    )
    attrs = {"class": f"{widget.attrs.get('class', '')} {css} {'is-invalid' if bound.errors else ''}".strip()}
    if described:
        attrs["aria-describedby"] = described
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {"field": bound, "kind": kind, "control": bound.as_widget(attrs=attrs), "label_class": label_class}
