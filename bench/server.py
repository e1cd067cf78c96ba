"""The production server on a bench database: start, stop, processor seconds, memory, statements per request."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from bench.data import address

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60
# Far above what 64 logins of a role reach, so that the throttle works as in service and never says no.
THROTTLE = "1000000/min"


def environment(database: str, folder: str) -> dict[str, str]:
    """Service mode with secrets of this run; Redis' database number 13 unless BENCH_REDIS_URL says another."""
    made_up = {
        "GRIDCENTER_MODE": "service",
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATABASE_URL": address(database),
        "REDIS_URL": os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/13"),
        "KEY_PREFIX": "bench",
        "SECRET_KEY": "bench-" + "s" * 60,
        "FIELD_KEYS": "bench:" + "YmVuY2gtb25seS1rZXktb2YtdGhpcnR5LXR3by1ieXQ=",
        "HASH_KEY": "bench-only",
        "ALLOWED_HOSTS": HOST,
        "DATA_DIR": folder,
        "LOG_LEVEL": "WARNING",
        "THROTTLE_USER": THROTTLE,
        "THROTTLE_ANON": THROTTLE,
    }
    return {**os.environ, **made_up}


class Server:
    """`with Server(database) as server:` uvicorn with `workers` processes, ready to answer on `server.port`."""

    def __init__(self, database: str, *, workers: int = 2, count: bool = False):
        self.database, self.workers, self.count = database, workers, count
        self.port = _free_port()

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        env = environment(self.database, self._folder.name)
        if self.count:
            env["BENCH_COUNT"] = "1"
        command = [
            sys.executable, "-m", "uvicorn", "gridcenter.asgi:application", "--host", HOST, "--port", str(self.port),
            "--workers", str(self.workers), "--timeout-graceful-shutdown", "3", "--no-access-log",
            "--log-level", "warning",
        ]  # fmt: skip
        self._log = Path(self._folder.name, "server.log").open("wb")
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=self._log, stderr=self._log)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in reversed(self.pids()):
                os.kill(pid, 9)
            self._process.wait(10)
        self._log.close()
        self._folder.cleanup()

    def _wait(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"The server has ended:\n{self.log()}")
            try:
                with closing(HTTPConnection(HOST, self.port, timeout=5)) as link:
                    link.request("GET", "/healthz")
                    if link.getresponse().status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"The server is not ready after {START_SECONDS} s:\n{self.log()}")

    def log(self) -> str:
        self._log.flush()
        return Path(self._log.name).read_text(errors="replace")[-4000:]

    def pids(self) -> list[int]:
        """The server and all below it."""
        parents = _parents()
        found = [self._process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu(self) -> float:
        """Processor seconds of the server's processes so far."""
        return sum(map(_seconds, self.pids()))

    def backend_cpu(self) -> dict[int, float]:
        """Processor seconds of each PostgreSQL backend that serves this database now; connections come and go."""
        return {pid: _seconds(pid) for pid in self._backends()}

    def _backends(self):
        wanted = f" {self.database} ".encode()
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    line = (folder / "cmdline").read_bytes()
                except OSError:
                    continue
                if line.startswith(b"postgres:") and wanted in line:
                    yield int(folder.name)

    def rss(self) -> list[float]:
        """Resident megabytes of each worker, largest first."""
        workers = self.pids()[1:] or self.pids()  # one worker is the server itself
        sizes = sorted(map(_resident, workers), reverse=True)
        return sizes[: self.workers]


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _stat(pid) -> list[bytes]:
    """The fields of /proc/PID/stat behind the name, which may hold spaces; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return []


def _parents() -> dict[int, int]:
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return {pid: int(fields[1]) for pid in pids if (fields := _stat(pid))}


def _seconds(pid) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def _resident(pid) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0  # it has ended
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
