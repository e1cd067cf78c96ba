"""The files that run gridcenter in service: they parse, they agree with the settings, they hold no secret."""

import configparser
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import uuid
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command, get_commands

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
OURS = ("migrate", "web", "worker", "beat")
SECRETS = ("SECRET_KEY", "FIELD_KEYS", "HASH_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD")
ADDRESSES = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")
# Read by uvicorn itself, or only by the compose file.
NOT_SETTINGS = {"WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "WEB_PORT", "WORKER_CONCURRENCY"}
NOT_SETTINGS |= {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())


def names_in_settings():
    """Every environment variable that gridcenter/settings.py reads, and gridcenter/environment.py beside it."""
    text = "".join((ROOT / "gridcenter" / name).read_text() for name in ("settings.py", "environment.py"))
    return set(re.findall(r"""\b(?:env(?:\.\w+)?|required|one_of)\(\s*"([A-Z_]+)\"""", text))


def names_in_example():
    text = (ROOT / ".env.example").read_text()
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, flags=re.MULTILINE))


# --- docker compose -------------------------------------------------------------------------------------------


def test_the_compose_file_is_valid():
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_there_and_watched():
    assert set(SERVICES) == {"db", "redis", *OURS}
    for name in set(SERVICES) - {"migrate"}:
        assert SERVICES[name]["healthcheck"]["test"], name
        assert SERVICES[name]["restart"] == "unless-stopped"


def test_migrations_run_once_and_before_the_rest():
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["command"] == ["python", "manage.py", "migrate", "--noinput"]
    for name in ("web", "worker", "beat"):
        waits = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
        assert waits == {
            "db": "service_healthy",
            "redis": "service_healthy",
            "migrate": "service_completed_successfully",
        }


@pytest.mark.parametrize("name", SECRETS + ADDRESSES)
def test_compose_refuses_to_start_without(name):
    uses = re.findall(r"\$\{" + name + r"\b([^}]*)\}", COMPOSE)
    assert uses
    assert all(use.startswith(":?") for use in uses), uses


def test_no_variable_is_used_that_has_neither_default_nor_refusal():
    for name, rest in re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", COMPOSE):
        assert rest.startswith((":?", ":-")), name


@pytest.mark.parametrize("name", OURS)
def test_compose_sets_only_names_that_are_read(name):
    environment = SERVICES[name]["environment"]
    assert set(environment) - NOT_SETTINGS <= names_in_settings()
    assert environment["GRIDCENTER_MODE"] == "service"


def test_compose_hands_through_every_name_that_the_example_advertises():
    """Folders, databases and files of keys are its own affair; the example says so."""
    own = {"GRIDCENTER_MODE", "DATABASE_URL", "REDIS_URL", "DATA_DIR", "STATIC_ROOT", "MEDIA_ROOT"}
    own |= {"FIELD_KEYS_FILE", "HASH_KEY_FILE"}
    taken = dict(re.findall(r"(?<!\$)\$\{(\w+)(?::-([^}]*))?", COMPOSE))
    assert set(taken) == set(names_in_example()) - own
    environment = {name: value for service in OURS for name, value in SERVICES[service]["environment"].items()}
    for name in set(taken) - {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "WEB_PORT", "WORKER_CONCURRENCY"}:
        assert environment[name].startswith(f"${{{name}:"), name


def test_what_must_not_be_lost_lies_in_volumes():
    volumes = yaml.safe_load(COMPOSE)["volumes"]
    used = {mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", ())}
    assert set(volumes) == used == {"database", "broker", "files", "schedule"}


def test_no_port_is_open_to_other_machines():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:${WEB_PORT:-8000}:8000"]


def test_files_named_in_image_and_compose_exist():
    image = (ROOT / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?!--from)(.+)$", image, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert all((ROOT / path).is_file() for path in re.findall(r"deploy/[\w.]+\.py", image + COMPOSE))


def test_the_image_runs_without_root_and_without_the_machines_secrets():
    image = (ROOT / "Dockerfile").read_text()
    last_stage = image[image.rindex("\nFROM ") :]
    assert "\nUSER gridcenter\n" in last_stage
    assert last_stage.index("\nUSER ") < last_stage.index("\nCMD ")
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", "var", ".venv", ".git", "node_modules", "*.dump", "*.tar"} <= set(ignored)
    assert not any(f"{name}=" in image for name in SECRETS)


# --- Environment ----------------------------------------------------------------------------------------------


def test_the_example_names_every_setting_and_nothing_else():
    assert set(names_in_example()) == names_in_settings() | NOT_SETTINGS


def test_the_example_holds_no_secret():
    example = names_in_example()
    assert {name: example[name] for name in SECRETS + ADDRESSES} == dict.fromkeys(SECRETS + ADDRESSES, "")


def test_the_operations_guide_explains_every_setting():
    guide = (ROOT / "docs" / "operations.md").read_text()
    explained = set(re.findall(r"^\| `([A-Z_]+)`", guide, flags=re.MULTILINE))
    assert explained == names_in_settings() | NOT_SETTINGS


SERVICE = {
    "GRIDCENTER_MODE": "service",
    "SECRET_KEY": "x" * 60,
    "FIELD_KEYS": "k:" + "A" * 43 + "=",
    "HASH_KEY": "x" * 40,
    "DATABASE_URL": "postgis://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PATH": os.environ["PATH"],
}


@pytest.mark.parametrize("name", [*SECRETS[:3], "DATABASE_URL"])
def test_service_mode_refuses_to_start_without(name):
    env = SERVICE | {name: ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"{name} is not set. In service mode every secret and address must be given" in done.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "31536000 False False"),
        ({"HSTS_PRELOAD": "true"}, "31536000 False False"),  # only with all hosts below
        ({"HSTS_SUBDOMAINS": "true", "HSTS_PRELOAD": "true"}, "31536000 True True"),
    ],
)
def test_browsers_are_promised_nothing_for_other_hosts_unless_asked(given, told):
    code = (
        "from django.conf import settings as s;"
        "print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"
    )
    env = SERVICE | {"DJANGO_SETTINGS_MODULE": "gridcenter.settings"} | given
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == told, done.stderr


def test_commands_named_in_the_guide_exist_with_these_options(capsys):
    guide = (ROOT / "docs" / "operations.md").read_text()
    named = re.findall(r"deploy/manage ([a-z_]+)((?: --[a-z-]+)*)", guide)
    assert len(named) > 10
    for command, options in named:
        assert command in get_commands(), command
        with pytest.raises(SystemExit):
            call_command(command, "--help")
        known = capsys.readouterr().out
        assert all(option in known for option in options.split()), (command, options)


# --- systemd, nginx -------------------------------------------------------------------------------------------


def unit(path):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(path)
    return parser


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_parse_and_name_programs_that_exist(path):
    sections = unit(path)
    assert sections["Unit"]["Description"].startswith("gridcenter")
    if path.suffix != ".service":
        return
    service = sections["Service"]
    assert (service["User"], service["EnvironmentFile"]) == ("gridcenter", "/etc/gridcenter/env")
    assert service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"
    program = service["ExecStart"].split()[0]
    assert program.startswith("/opt/gridcenter/")
    inside = program.removeprefix("/opt/gridcenter/")
    found = Path(sys.executable).with_name(Path(inside).name) if inside.startswith(".venv/") else ROOT / inside
    assert os.access(found, os.X_OK), found


def test_the_target_starts_web_worker_and_schedule():
    wanted = unit(ROOT / "deploy/systemd/gridcenter.target")["Unit"]["Wants"].split()
    assert wanted == ["gridcenter-web.service", "gridcenter-worker.service", "gridcenter-beat.service"]
    assert all((ROOT / "deploy" / "systemd" / name).is_file() for name in wanted)


def test_nginx_lets_a_whole_attachment_through_and_says_that_it_was_tls():
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    limit = int(re.search(r"client_max_body_size (\d+)m;", text)[1]) * 1024 * 1024
    assert limit > settings.ATTACHMENT_MAX_BYTES
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in text
    # What a browser claims about its own address must not be believed.
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert text.count("{") == text.count("}")


# --- The health question, backup, restore ------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code", "words"), [(200, 0, ""), (503, 1, "/readyz: 503 the broker is gone")])
def test_the_health_question_carries_an_allowed_name(status, code, words):
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Host"], self.headers["X-Forwarded-Proto"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"the broker is gone")

        def log_message(self, *arguments):
            """Says nothing: the test's output is its assertions."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = ask("/readyz", server.server_port, ALLOWED_HOSTS=".grid.example.org,other.example.org")
        server.shutdown()
    assert asked == [("/readyz", "grid.example.org", "https")]
    assert (done.returncode, done.stderr.strip()) == (code, words)


def test_the_health_question_fails_plainly_when_nobody_listens():
    done = ask("/healthz", 1)
    assert done.returncode == 1
    assert done.stderr.startswith("/healthz: ")


def ask(path, port, **env):
    return subprocess.run(
        [sys.executable, "deploy/answers.py", path, str(port)],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def scratch_database():
    """`make()` gives the address of an empty PostGIS database of its own; all are dropped at the end."""
    made = []

    def make():
        done = scratch("create", settings.DATABASE_URL, f"scratch_{uuid.uuid4().hex[:8]}")
        made.append(done.stdout.strip())
        return made[-1]

    yield make
    for url in made:
        scratch("drop", url)


def scratch(*arguments):
    return subprocess.run(
        [sys.executable, "bin/scratch.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )


def run_tool(name, *arguments, **env):
    env = {"PATH": os.environ["PATH"], **env}
    return subprocess.run(
        [f"deploy/{name}", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.postgres
@pytest.mark.skipif(not settings.DATABASE_URL.startswith("postg"), reason="backups are those of PostgreSQL")
@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="needs postgresql-client")
def test_a_backup_comes_back_whole_and_only_into_an_empty_database(scratch_database, tmp_path):
    import psycopg2

    old, new = scratch_database(), scratch_database()
    with psycopg2.connect(old.replace("postgis:", "postgresql:")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION postgis; CREATE TABLE kept (place geometry(Point, 4326))")
        cursor.execute("INSERT INTO kept VALUES (ST_Point(113.49, 27.65, 4326))")
    photo = tmp_path / "old" / "media" / "2026" / "photo.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"photo")
    for private in ("papers/ab/case.pdf", "registry/imports/people.xlsx"):  # removed after hours or days: not for a mirror
        for place in (tmp_path / "old" / "media" / private, tmp_path / "saved" / "media" / private):
            place.parent.mkdir(parents=True)
            place.write_bytes(b"430281...")
    for face in ("old/media/faces/ab/new.jpg", "saved/media/faces/cd/taken-back.jpg"):
        place = tmp_path / face
        place.parent.mkdir(parents=True)
        place.write_bytes(b"face")

    saved = run_tool("backup", DATABASE_URL=old, DATA_DIR=str(tmp_path / "old"), BACKUP_DIR=str(tmp_path / "saved"))
    assert saved.returncode == 0, saved.stderr
    (dump,) = (tmp_path / "saved").glob("*.dump")
    restored = run_tool("restore", str(dump), DATABASE_URL=new, DATA_DIR=str(tmp_path / "new"))
    assert restored.returncode == 0, restored.stderr
    with psycopg2.connect(new.replace("postgis:", "postgresql:")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ST_AsText(place) FROM kept")
        assert cursor.fetchall() == [("POINT(113.49 27.65)",)]
    assert (tmp_path / "new" / "media" / "2026" / "photo.jpg").read_bytes() == b"photo"
    for folder in ("saved", "new"):
        kept = {one.name for one in (tmp_path / folder / "media").rglob("*") if one.is_file()}
        assert kept == {"photo.jpg", "new.jpg"}

    again = run_tool("restore", str(dump), DATABASE_URL=new, DATA_DIR=str(tmp_path / "new"))
    assert again.returncode == 1
    assert "already has 1 tables; restore into an empty one" in again.stderr
    dump.write_bytes(dump.read_bytes()[:-1])
    damaged = run_tool("restore", str(dump), DATABASE_URL=new, DATA_DIR=str(tmp_path / "new"))
    assert damaged.returncode == 1
    assert "is damaged" in damaged.stderr


def test_backup_says_what_it_needs(tmp_path):
    done = run_tool("backup", DATABASE_URL="spatialite:///x", BACKUP_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "backup: DATABASE_URL must be a postgis:// address.\n"


def test_nginx_writes_down_no_words_that_somebody_searched_for():
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    (words,) = re.findall(r"log_format gridcenter ([^;]*);", text)
    said = set(re.findall(r"\$(\w+)", words))
    assert "uri" in said and said.isdisjoint(
        {"request", "request_uri", "args", "query_string", "http_referer", "http_cookie", "http_authorization"}
    )
    servers = text.count("\nserver {")
    assert servers == text.count("access_log /var/log/nginx/access.log gridcenter;") == text.count("error.log crit;")
    assert len(re.findall(r"^\s*access_log", text, re.M)) == servers


def test_manage_reads_the_environment_file_as_systemd_does(tmp_path):
    env_file = tmp_path / "env"
    env_file.write_text(
        "# a comment\n\nGRIDCENTER_MODE=service\nSECRET_KEY=a$(touch never) `x` $HOME #kept\nHASH_KEY=h\nFIELD_KEYS=k:AA==\n"
        f"DATABASE_URL=postgis://nobody@127.0.0.1:1/none\nDATA_DIR={tmp_path}\n"
    )
    code = "from django.conf import settings; print(settings.SECRET_KEY, settings.FIELD_KEYS)"
    done = run_tool("manage", "shell", "--no-imports", "-v", "0", "-c", code, ENV_FILE=str(env_file))
    assert done.stdout == "a$(touch never) `x` $HOME #kept k:AA==\n", done.stderr
    assert not (ROOT / "never").exists()


# --- What the READMEs say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_readmes_give_one_reason_for_each_dependency(name):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [re.match(r"[\w-]+", line)[0] for line in project["dependencies"]]
    text = (ROOT / name).read_text()
    table = text[re.search(r"^\| (package|软件包) \|", text, flags=re.MULTILINE).end() :].split("\n\n")[0]
    rows = re.findall(r"^\| ([\w-]+) \| (.+) \|$", table, flags=re.MULTILINE)
    assert [package for package, reason in rows] == wanted
    assert all(len(reason) >= 3 for package, reason in rows)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md", "docs/operations.md"])
def test_links_of_the_guides_lead_somewhere(name):
    page = ROOT / name
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
