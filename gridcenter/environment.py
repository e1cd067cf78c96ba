"""How settings are read from the environment. What cannot be right is refused in one sentence.

Three modes (GRIDCENTER_MODE): `service` is the default and has no default secret; `demo` and `test` make up
what is missing, so that a first look needs no configuration.
"""

import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()


def one_of(name, known, default):
    """The environment's value of `name`, which is one of `known`."""
    value = env(name, default="") or default
    if value not in known:
        raise ImproperlyConfigured(f"{name} is {value!r}: expected one of {', '.join(known)}.")
    return value


RUNNING_TESTS = "pytest" in sys.modules
GRIDCENTER_MODE = one_of(
    "GRIDCENTER_MODE", ("service", "demo", "test"), "test" if RUNNING_TESTS else "service"
)
SERVICE = GRIDCENTER_MODE == "service"


def required(name, demo, file=""):
    """The environment's value of `name`, or what stands in `file`; outside service mode `demo` stands in.

    `demo` can be read by everybody: in service mode it is refused, a key also under another id.
    """
    value = env(name, default="")
    if file and not value:
        try:
            value = ",".join(Path(file).read_text(encoding="utf-8").split())  # one key on each line
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}.") from error
    if not SERVICE:
        return value or demo
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. In service mode every secret and address must be given "
            "(docs/operations.md); to look around without any, set GRIDCENTER_MODE=demo."
        )
    if demo.rpartition(":")[2] in value:
        raise ImproperlyConfigured(
            f"{name} is that of the demo, which everybody can read. "
            "Expected is one of your own: .env.example says how to make it."
        )
    return value
