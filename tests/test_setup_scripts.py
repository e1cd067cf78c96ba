"""bin/setup, bin/demo and bin/test on machines that lack something: each says in one sentence what to do.

The scripts run in a copy of the checkout with an empty environment and a PATH of fake programs, so that nothing
of this machine is installed or changed.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = "bash sh env cat cut sort tail head tr sed grep find xargs sha256sum mkdir rm dirname basename ln chmod sleep"
TOOLS += " ps flock setsid tee touch cp"


class Machine:
    """A copy of the scripts, and a PATH that holds the plain tools and whatever fakes a test adds."""

    def __init__(self, folder):
        self.repo, self.path = folder / "repo", folder / "path"
        self.path.mkdir()
        shutil.copytree(ROOT / "bin", self.repo / "bin", ignore=shutil.ignore_patterns("__pycache__"))
        for lock in ROOT.glob("requirements*.lock"):
            shutil.copy(lock, self.repo)
        for tool in TOOLS.split():
            (self.path / tool).symlink_to(shutil.which(tool))
        self.fake("id", "echo 1000")
        self.fake_python("python-fit")

    def fake(self, name, script):
        program = self.path / name
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)

    def fake_python(self, name, python="", libraries="", version="3.11.2"):
        """An interpreter about which bin/needs.py would print these words."""
        self.fake(
            name,
            f'case "$*" in\n*"needs.py python") printf "%s" "{python}" ;;\n'
            f'*"needs.py libraries") printf "%s" "{libraries}" ;;\n'
            f'*version_info*) echo {version} ;;\n*) exec {sys.executable} "$@" ;;\nesac',
        )

    def run(self, *command, **env):
        env = {"PATH": str(self.path), "GRIDCENTER_PYTHONS": "python-fit", **env}
        return subprocess.run(
            command, cwd=self.repo, env=env, capture_output=True, text=True, timeout=240, check=False
        )

    def functions(self, code, **env):
        """Run shell code that uses the functions of lib.sh and servers.sh."""
        return self.run("bash", "-c", f". bin/lib.sh; . bin/servers.sh; RUN_LOGS=$LOGS; {code}", **env)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def needs():
    spec = importlib.util.spec_from_file_location("needs", ROOT / "bin" / "needs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- Python ---------------------------------------------------------------------------------------------------


def test_no_python_fits_and_each_ones_fault_is_named(machine):
    machine.fake_python("python-old", python="version", version="3.9.2")
    machine.fake_python("python-shut", python="extensions")
    machine.fake("python-broken", "exit 3")
    done = machine.run("bin/setup", GRIDCENTER_PYTHONS="python-old python-shut python-broken python-absent")
    assert done.returncode == 1
    assert f"{machine.path}/python-old is 3.9.2, older than 3.11;" in done.stderr
    assert f"{machine.path}/python-shut has an sqlite3 that cannot load extensions;" in done.stderr
    assert f"{machine.path}/python-broken does not run." in done.stderr
    assert "PYTHON=/path/to/python3 bin/setup" in done.stderr
    assert "python-absent" not in done.stderr


def test_a_python_without_extensions_is_passed_over_for_one_that_has_them(machine):
    machine.fake_python("python-shut", python="extensions")
    done = machine.functions('need_python; echo "$PYTHON_FIT"', GRIDCENTER_PYTHONS="python-shut python-fit")
    assert done.stdout == f"{machine.path}/python-fit\n"


def test_the_python_that_was_asked_for_comes_first(machine):
    machine.fake_python("python-mine")
    done = machine.functions('need_python; echo "$PYTHON_FIT"', PYTHON=str(machine.path / "python-mine"))
    assert done.stdout == f"{machine.path}/python-mine\n"


def test_an_unfit_python_that_was_asked_for_is_passed_over_aloud(machine):
    machine.fake_python("python-shut", python="extensions")
    done = machine.functions("need_python", PYTHON="python-shut")
    assert done.stdout == (
        f"PYTHON=python-shut is not used: {machine.path}/python-shut has an sqlite3 that cannot load extensions. "
        f"Using {machine.path}/python-fit.\n"
    )


def test_where_apt_is_the_missing_python_is_installed_with_its_reason(machine):
    machine.fake("id", "echo 0")
    machine.fake("apt-get", f'[ "$1" = update ] || cp {machine.path}/python-fit {machine.path}/python-new')
    done = machine.functions('need_python; echo "$PYTHON_FIT"', GRIDCENTER_PYTHONS="python-new")
    assert done.returncode == 0, done.stderr
    assert "    python3-venv: Python and its virtual environments\n" in done.stdout
    assert done.stdout.endswith(f"{machine.path}/python-new\n")


def test_needs_names_what_an_interpreter_lacks(monkeypatch):
    module = needs()
    assert list(module.python_lacks()) == []
    monkeypatch.setattr(module.sys, "version_info", (3, 10, 13))
    assert list(module.python_lacks()) == ["version"]
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    assert list(module.python_lacks()) == ["sqlite3"]


def test_needs_names_libraries_that_cannot_be_found(monkeypatch):
    module = needs()
    assert list(module.libraries_lack()) == []
    monkeypatch.setattr(module.ctypes.util, "find_library", lambda name: None)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert list(module.libraries_lack()) == ["gdal", "geos", "proj", "pango", "venv"]


# --- Debian packages ------------------------------------------------------------------------------------------


def test_without_root_the_administrators_command_is_given(machine):
    machine.fake("apt-get", "exit 9")
    machine.fake_python("python-fit", libraries="gdal proj")
    done = machine.run("bin/setup")
    assert done.returncode == 1
    assert "neither root nor allowed to sudo" in done.stderr
    assert "'apt-get install --no-install-recommends libgdal32 libproj25 gettext fonts-noto-cjk'" in done.stderr


def test_without_apt_the_missing_things_are_named(machine):
    machine.fake_python("python-fit", libraries="spatialite")
    done = machine.run("bin/setup")
    assert done.returncode == 1
    assert "missing on this machine: spatialite gettext fonts. There is no apt-get here" in done.stderr


def test_only_missing_packages_are_installed_under_the_names_of_this_release(machine):
    machine.fake("id", "echo 0")
    machine.fake("msgfmt", "")
    machine.fake("fc-list", "echo Noto Sans CJK SC")
    machine.fake("apt-cache", "case $3 in *gdal*) echo 'libgdal36 - library';; *) echo 'libgeos-c1t64 - x';; esac")
    machine.fake("apt-get", 'echo "$@" >>apt-calls')
    machine.fake_python("python-fit", libraries="gdal geos")
    done = machine.run("bin/setup")
    calls = (machine.repo / "apt-calls").read_text().splitlines()
    patient = "-o DPkg::Lock::Timeout=300"  # another installation may run
    assert calls == ["update -q", f"install -y -q --no-install-recommends {patient} libgdal36 libgeos-c1t64"]
    assert "    libgdal36: GDAL, which Django needs for boundaries\n" in done.stdout
    # The fake installed nothing, and that is noticed.
    assert "still cannot load: gdal geos" in done.stderr


def test_a_failing_apt_shows_its_words_and_where_the_rest_is(machine):
    machine.fake("id", "echo 0")
    machine.fake("apt-get", "echo no route to mirror; exit 100")
    machine.fake_python("python-fit", libraries="gdal")
    done = machine.run("bin/setup")
    assert done.returncode == 1
    assert "no route to mirror" in done.stderr
    assert "is the package mirror reachable? The whole output is in var/logs/apt-update.log." in done.stderr


# --- Node -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v18.19.0", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.1", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v23.0.0", True),
        ("v24.1.0", True),
    ],
)
def test_which_node_builds_the_front_end(machine, version, fits):
    machine.fake("node", f"echo {version}")
    machine.fake("npm", "")
    assert (machine.functions("node_fits").returncode == 0) is fits


def test_without_node_and_without_a_package_index_the_way_out_is_said(machine):
    venv = machine.repo / ".venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").write_text("#!/bin/bash\necho no index; exit 1\n")
    (venv / "python").chmod(0o755)
    done = machine.functions("need_node")
    assert done.returncode == 1
    assert "Installing Node from a Python wheel into var/node: none is here" in done.stdout
    assert "install Node 22 yourself and start again" in done.stderr


# --- Stamps ---------------------------------------------------------------------------------------------------


def test_a_hash_follows_names_and_contents(machine):
    folder = machine.repo / "sources"
    folder.mkdir()
    seen = [machine.functions("hash_of sources missing").stdout]
    for name, text in (("a", "1"), ("a", "2"), ("b", "2")):
        (folder / name).write_text(text)
        seen.append(machine.functions("hash_of sources missing").stdout)
    assert len(set(seen)) == 4
    assert machine.functions("hash_of sources missing").stdout == seen[-1]


def test_the_front_end_is_built_again_only_when_its_sources_change(machine):
    machine.fake("node", "echo v22.12.0")
    machine.fake("npm", 'echo "$1" >>npm-calls; mkdir -p static/dist node_modules')
    for name in ("package.json", "package-lock.json"):
        (machine.repo / name).write_text("{}")
    for _ in range(2):
        assert machine.functions("need_front_end").returncode == 0
    assert (machine.repo / "npm-calls").read_text().split() == ["ci", "run"]
    (machine.repo / "vite.config.js").write_text("export default {}")
    machine.functions("need_front_end")
    assert (machine.repo / "npm-calls").read_text().split() == ["ci", "run", "run"]


# --- bin/demo -------------------------------------------------------------------------------------------------


def test_a_taken_port_is_said_before_anything_is_installed(machine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = machine.run("bin/demo", "--port", str(port))
    assert done.returncode == 1
    assert f"127.0.0.1:{port} is taken by another program. Choose another port, for example:" in done.stderr
    assert f"bin/demo --port {port + 1}" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prot", "9"], "unknown option --prot"),
        (["--port"], "--port wants a value"),
        (["--port", "http"], "--port wants a whole number"),
        (["--port", "70000"], "--port wants a number from 1 to 65535"),
        (["--months", "two"], "--months wants a whole number"),
        (["--people", "many"], "--people wants a whole number"),
    ],
)
def test_wrong_options_are_named(machine, arguments, words):
    done = machine.run("bin/demo", *arguments)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr


def test_help_lists_the_options(machine):
    done = machine.run("bin/demo", "--help")
    assert done.returncode == 0
    assert "--once" in done.stdout and "--port" in done.stdout and "lib.sh" not in done.stdout


def test_a_second_demo_on_the_same_state_is_refused(machine):
    held = machine.repo / "var" / "demo.lock"
    held.parent.mkdir()
    with subprocess.Popen(["flock", str(held), "sleep", "600"], start_new_session=True) as holder:
        try:
            wait_until(lambda: subprocess.run(["flock", "-n", str(held), "true"], check=False).returncode != 0)
            done = machine.run("bin/demo")
        finally:
            os.killpg(holder.pid, signal.SIGKILL)
    assert done.returncode == 1
    assert "another bin/demo (or its server or worker) still runs on var/demo; stop that first" in done.stderr


def test_another_county_than_the_loaded_one_is_refused_not_mixed(machine):
    state = machine.repo / "var" / "demo"
    state.mkdir(parents=True)
    (state / "loaded").write_text("liling seed 1 months 2\n")
    code = demo_functions(machine) + 'STATE=$VAR/demo once="" fresh=""; clear_state "aoyang seed 1 months 2"'
    done = machine.functions(code)
    assert done.returncode == 1
    assert "var/demo holds another county (liling seed 1 months 2) than the one asked for" in done.stderr
    assert (state / "loaded").exists()


def test_a_load_that_was_interrupted_begins_anew(machine):
    state = machine.repo / "var" / "demo"
    state.mkdir(parents=True)
    (state / "db.sqlite3").write_text("half")
    code = demo_functions(machine) + 'STATE=$VAR/demo once="" fresh=""; clear_state "liling seed 1 months 2"'
    assert machine.functions(code).returncode == 0
    assert list(state.iterdir()) == []


def test_fresh_never_touches_a_database_of_somebodys_own(machine):
    code = demo_functions(machine) + 'STATE=$VAR/demo-x once="" fresh=yes; clear_state "liling seed 1 months 2"'
    done = machine.functions(code, DATABASE_URL="postgis://somebody@127.0.0.1:1/theirs")
    assert done.returncode == 1
    assert "--fresh does not empty the database in DATABASE_URL" in done.stderr


def demo_functions(machine):
    """The functions of bin/demo without its main part."""
    source = (machine.repo / "bin" / "demo").read_text()
    start, end = source.index("# Where the state lives"), source.index("\nchoose_state\n")
    return source[start:end] + "\n"


# --- Processes ------------------------------------------------------------------------------------------------


def test_all_processes_end_with_their_children_even_stubborn_ones(machine):
    machine.fake("stubborn", 'trap "" TERM; sleep 300 & echo "$! $$" >pids; wait; wait')
    done = machine.functions(
        'start stubborn stubborn; until [ -s pids ]; do sleep 0.05; done;'
        " sleep() { command sleep 0.001; }; stop_all"  # ten seconds of patience in a twinkling
    )
    assert done.returncode == 0, done.stderr
    for pid in (machine.repo / "pids").read_text().split():
        wait_until(lambda pid=pid: not alive(int(pid)))


def test_a_server_that_dies_is_named_with_its_last_words(machine):
    machine.fake("frail", "echo cannot open the port; exit 1")
    done = machine.functions("start server frail; wait; fail_if_dead")
    assert done.returncode == 1
    assert "cannot open the port" in done.stderr
    assert "the server has ended by itself. Its last words are above, all of them in var/logs/server.log." in done.stderr


def test_a_server_that_never_gets_ready_is_reported_with_the_reason(machine):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    code = f"VENV=$ROOT/none; mkdir -p none/bin; ln -s {sys.executable} none/bin/python;"
    done = machine.functions(f"{code} wait_ready http://127.0.0.1:{port}/readyz 1")
    assert done.returncode == 1
    assert "the server is not ready after 1 s" in done.stderr
    assert "Connection refused" in done.stderr


def alive(pid):
    """Whether the process runs; a dead one that nobody has collected yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


# --- Lock files -----------------------------------------------------------------------------------------------


def pins(name):
    return {line.split(" ")[0] for line in (ROOT / name).read_text().splitlines() if "==" in line}


def test_what_is_tested_is_what_runs():
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"])
def test_lock_files_have_hashes_and_no_address(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert all(part.count("--hash=sha256:") > 0 for part in text.split("==")[1:])


def test_the_front_ends_lock_file_has_no_address():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
