"""Real processes on a database and a broker of their own, for tests of what happens when one of them dies."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from django.db import connection

ROOT = Path(__file__).parent.parent
# What tests of processes run on: that which the whole run is about. CI makes a run of each.
BROKERS = ["redis"] if os.environ.get("REDIS_URL") else ["files"]
REDIS = shutil.which("redis-server")


def free_port() -> int:
    """A port to be listened at soon. Not one that the system hands out to connections: it might do so meanwhile."""
    while True:
        port = random.randrange(15_000, 32_000)
        with suppressed(), socket.create_server(("127.0.0.1", port)):
            return port


def until(condition, seconds=120, what="it"):
    """The first true value of `condition()`; fails the test after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


def database_url(**instead) -> str:
    """The address of the database this test uses; host and port may be put in their place."""
    made = connection.settings_dict | instead
    if connection.vendor == "sqlite":
        return f"spatialite:///{made['NAME']}"
    secret = f":{made['PASSWORD']}" if made["PASSWORD"] else ""
    return f"postgis://{made['USER']}{secret}@{made['HOST'] or '127.0.0.1'}:{made['PORT'] or 5432}/{made['NAME']}"


class Broker:
    """A Redis server of the test's own, which may be stopped, frozen and started again."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        command = [REDIS, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--appendonly", "yes"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: answers(self.port) or self.process.poll() is not None, what="Redis")
        assert self.process.poll() is None, "Redis did not start"

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


def answers(port) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Wire:
    """A way to a server that can be cut: connections through it break, new ones are refused."""

    def __init__(self, host, port):
        self.target, self.port, self.pairs, self.listener = (host, port), free_port(), [], None

    def join(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def cut(self):
        with suppressed():  # wakes the thread that waits in accept; close alone would leave the port open
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.pairs:
            with suppressed():
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.pairs.clear()

    def _accept(self, listener):
        with suppressed():
            while True:
                inner, _address = listener.accept()
                outer = socket.create_connection(self.target)
                self.pairs += [inner, outer]
                for source, sink in ((inner, outer), (outer, inner)):
                    Thread(target=self._carry, args=[source, sink], daemon=True).start()

    @staticmethod
    def _carry(source, sink):
        with suppressed():
            while data := source.recv(65536):
                sink.sendall(data)
        with suppressed():
            sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def suppressed():
    try:
        yield
    except OSError:
        return


class House:
    """The environment of the processes of one test: `worker()`, `web()`, and the end of all of them."""

    def __init__(self, folder, redis_url="", database=None, **more):
        self.folder, self.started = folder, []
        folder.mkdir(parents=True, exist_ok=True)
        hidden = {"PYTEST_CURRENT_TEST", "DJANGO_SETTINGS_MODULE"}
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden} | {
            "GRIDCENTER_MODE": "test", "DATA_DIR": str(folder / "data"), "MEDIA_ROOT": str(folder / "media"),
            "DATABASE_URL": database or database_url(), "REDIS_URL": redis_url, "KEY_PREFIX": f"test{os.getpid()}",
            "LOG_LEVEL": "INFO", "PYTHONUNBUFFERED": "1", **more,
        }  # fmt: skip

    def run(self, *arguments, log="process.log"):
        """A process in a group of its own, so that `kill` reaches its children."""
        with (self.folder / log).open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=out, stderr=out, start_new_session=True
            )
        self.started.append(process)
        return process

    def said(self, log="process.log") -> str:
        return (self.folder / log).read_text(errors="replace")

    @property
    def gate(self):
        """While this file exists, a worker that was started with `gated` stops in its third batch."""
        return self.folder / "gate"

    def worker(self, gated=False, log="worker.log"):
        """A Celery worker as in service; `gated`: with small batches, stopping in the third (tests.slow_worker)."""
        if gated:
            self.gate.touch()
        seen = self.said(log).count(" ready.") if (self.folder / log).exists() else 0
        process = self.run("-m", "tests.slow_worker", *([str(self.gate)] if gated else []), log=log)
        until(lambda: self.said(log).count(" ready.") > seen or process.poll() is not None, what="the worker")
        assert process.poll() is None, self.said(log)
        return process

    def send(self, task, times=1):
        """Put a task on the broker, as the schedule does; returns its id (of the last, if it is sent several times)."""
        code = "import sys; from gridcenter.celery import app; n = int(sys.argv[2])\n"
        code += "for _turn in range(n): sent = app.send_task(sys.argv[1])\nprint(sent.id)"
        done = subprocess.run(
            [sys.executable, "-c", code, task, str(times)], cwd=ROOT, env=self.environment, capture_output=True, text=True,
            timeout=120, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def web(self, log="web.log"):
        port = free_port()
        command = ["-m", "uvicorn", "gridcenter.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
        process = self.run(*command, "--timeout-graceful-shutdown", "1", log=log)
        until(lambda: answers(port) or process.poll() is not None, what="the web server")
        assert process.poll() is None, self.said(log)
        return Client(port)

    def close(self):
        for process in self.started:
            with suppressed():
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=60)


class Client:
    """Asks the web process; answers (status, body as JSON or text)."""

    def __init__(self, port):
        self.port, self.token, self.session = port, "", ""

    def ask(self, method, path, body=None, seconds=90):
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if path.startswith("/api/"):
            headers["Authorization"] = f"Token {self.token}"
        elif self.session:
            headers |= {"Cookie": f"sessionid={self.session}", "Accept": "text/html"}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            link.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = link.getresponse()
            text = answer.read().decode()
        finally:
            link.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text


def children(pid) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
