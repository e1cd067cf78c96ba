"""Settings that cannot be right, or are risky, are refused by name before a service starts with them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import checks
from django.utils import translation

from core import service_checks
from gridcenter.settings import FIELD_KEYS, HASH_KEY, SECRET_KEY
from tests.test_service_files import ROOT, SERVICE, SERVICES, unit

SOUND = SERVICE | {
    "SECRET_KEY": "wN3sXk0a7Zq-Yt5Rb9Lm2Vc8Jd4Hf6Gp1Ee_UoTiWzQxBnMvKjAl",
    "HASH_KEY": "q8Zr2Tx6Nw0Ys4Lk9Pd3Vb7Mh1Jc5Fg_",
    "ALLOWED_HOSTS": "grid.example.org",
    "LOG_LEVEL": "WARNING",
}
FOUND = {
    "E002": service_checks.field_keys_can_be_read,
    "E003": service_checks.throttle_rates_can_be_read,
    "E004": service_checks.mode_is_that_of_a_service,
    "E005": service_checks.secrets_are_long_enough,
    "W002": service_checks.servers_are_there,
    "W004": service_checks.hosts_are_named,
}


def manage(*arguments, **given):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=SOUND | given,
        capture_output=True,
        text=True,
        check=False,
    )


def ids(check):
    return [found.id for found in check()]


@pytest.fixture
def sound(settings):
    """The settings of a service about which there is nothing to say."""
    settings.GRIDCENTER_MODE = "service"
    settings.SECRET_KEY, settings.HASH_KEY = SOUND["SECRET_KEY"], SOUND["HASH_KEY"]
    settings.REDIS_URL, settings.ALLOWED_HOSTS = SOUND["REDIS_URL"], ["grid.example.org"]
    settings.DATABASE_URL = SOUND["DATABASE_URL"]
    with translation.override("en"):
        yield settings


def test_nothing_is_said_of_sound_settings(sound):
    assert {name: ids(check) for name, check in FOUND.items()} == {name: [] for name in FOUND}


def test_a_service_with_sound_settings_needs_no_origins_and_is_told_nothing():
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", SECRET_KEY),
        ("HASH_KEY", HASH_KEY),
        ("FIELD_KEYS", FIELD_KEYS),
        ("FIELD_KEYS", SERVICE["FIELD_KEYS"] + "," + FIELD_KEYS.replace("demo:", "k1:")),
    ],
)
def test_the_secrets_of_the_demo_open_nothing_in_service(name, value):
    done = manage("check", **{name: value})
    assert (done.returncode, done.stderr) == (
        1,
        f"manage.py: {name} is that of the demo, which everybody can read. Expected is one of your own: "
        ".env.example says how to make it.\n",
    )
    command = [sys.executable, "-c", "import gridcenter.asgi"]
    start = subprocess.run(command, cwd=ROOT, env=SOUND | {name: value}, capture_output=True, check=False)
    assert start.returncode == 1
    assert f"{name} is that of the demo".encode() in start.stderr


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("LOG_LEVEL", "NOISE", "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("LOG_FORMAT", "xml", "json, text"),
        ("GRIDCENTER_MODE", "live", "service, demo, test"),
    ],
)
def test_a_word_that_is_not_known_is_refused_in_one_sentence(name, value, known):
    done = manage("check", **{name: value})
    assert (done.returncode, done.stderr) == (
        1,
        f"manage.py: {name} is {value!r}: expected one of {known}.\n",
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("c2VjcmV0", "FIELD_KEYS: a key has no id, expected id:base64-of-32-bytes."),
        ("k:nonsense!", "FIELD_KEYS: key 'k' is not base64."),
        ("k:AAAA", "FIELD_KEYS: key 'k' has 3 bytes, expected 32 (AES-256-GCM) or 16 (SM4-GCM)."),
        (",", "FIELD_KEYS holds no key: expected id:base64-of-32-bytes."),
    ],
)
def test_field_keys_that_cannot_be_read_are_told_before_the_first_encryption(sound, value, words):
    sound.FIELD_KEYS = value
    assert [(found.id, found.msg) for found in FOUND["E002"]()] == [("core.E002", words)]


@pytest.mark.parametrize("rate", ["abc", "", "600", "600/week", "/min", "0/min", "-1/min", "600/min "])
def test_a_throttle_rate_that_cannot_be_read_is_told(sound, rate):
    told = sound.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    sound.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": told | {"user": rate}}
    (found,) = FOUND["E003"]()
    assert (found.id, found.msg) == ("core.E003", f"THROTTLE_USER is {rate!r}.")


@pytest.mark.parametrize("rate", ["1/s", "60/min", "600/minute", "5/hour", "10/day", "1000000/min"])
def test_rates_that_can_be_read_are_taken(sound, rate):
    sound.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"login": rate}}
    assert ids(FOUND["E003"]) == []


@pytest.mark.parametrize("name", ["SECRET_KEY", "HASH_KEY"])
@pytest.mark.parametrize("value", ["x", SOUND["HASH_KEY"][:31], "abcdefg" * 9])
def test_a_secret_that_could_be_guessed_is_told(sound, name, value):
    setattr(sound, name, value)
    (found,) = FOUND["E005"]()
    assert (found.id, found.msg.split()[0]) == ("core.E005", name)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("REDIS_URL", "", ["core.W002"]),
        ("DATABASE_URL", "spatialite:////srv/gridcenter.sqlite3", ["core.W003"]),
        ("ALLOWED_HOSTS", ["grid.example.org", "*"], ["core.W004"]),
        ("GRIDCENTER_MODE", "demo", ["core.E004"]),
        ("GRIDCENTER_MODE", "test", ["core.E004"]),
    ],
)
def test_what_is_risky_in_service_is_told(sound, name, value, told):
    setattr(sound, name, value)
    assert [one for check in FOUND.values() for one in ids(check)] == told


def test_what_cannot_work_is_told_by_every_command_and_the_rest_by_check_deploy():
    deploy = set(checks.registry.registry.get_checks(include_deployment_checks=True))
    always = set(checks.registry.registry.get_checks())
    assert set(FOUND.values()) <= deploy
    assert set(FOUND.values()) & always == {FOUND["E002"], FOUND["E003"]}


@pytest.mark.parametrize(("given", "code", "named"), [
    ({}, 0, []),
    ({"REDIS_URL": ""}, 0, ["core.W002"]),  # risky: told, and it starts
    ({"SECRET_KEY": "short-secret", "GRIDCENTER_MODE": "demo"}, 1, ["core.E004", "core.E005", "core.W004"]),
])  # fmt: skip
def test_no_part_of_the_service_starts_with_settings_that_cannot_be_right(given, code, named):
    done = subprocess.run(
        [ROOT / "deploy/start", "echo", "started"], cwd=ROOT, capture_output=True, text=True, check=False,
        env=SOUND | given | {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (code, "" if code else "started\n")
    told = [line.partition(":")[0] for line in done.stderr.splitlines() if line.startswith("core.")]
    assert told == named and "Traceback" not in done.stderr


def test_web_worker_and_schedule_ask_before_they_start():
    image = (ROOT / "Dockerfile").read_text()
    commands = [json.loads(re.search(r"^CMD (.+)$", image, re.MULTILINE)[1])]
    commands += [SERVICES[name]["command"] for name in ("worker", "beat")]
    assert [command[0] for command in commands] == ["deploy/start"] * 3 and "command" not in SERVICES["web"]
    for name in ("web", "worker", "beat"):
        service = unit(ROOT / f"deploy/systemd/gridcenter-{name}.service")["Service"]
        assert service["ExecStartPre"] == "/opt/gridcenter/.venv/bin/python manage.py may_start"
