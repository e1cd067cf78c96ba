"""An open line (server-sent events) to a web process of the test's own: what it says, collected in a thread."""

import http.client
import json
import socket
import threading
import time
from contextlib import suppress


class Line:
    """`heard`: (name, facts, monotonic time) of each message so far. `answer`: the response, which may be a refusal."""

    def __init__(self, port, path, session):
        self.heard = []
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=200)
        link.connect()
        self._socket = link.sock
        link.request("GET", path, headers={"Cookie": f"sessionid={session}", "Accept": "text/event-stream"})
        self.answer = link.getresponse()
        if self.answer.status == 200:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        name = ""
        with suppress(OSError, ValueError, http.client.HTTPException):
            for raw in self.answer:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    self.heard.append((name, json.loads(line[6:]), time.monotonic()))

    def said(self, name):
        """The facts of the messages of this name."""
        return [facts for kind, facts, _at in self.heard if kind == name]

    def changed(self):
        return self.said("changed")

    def close(self):
        """By the socket: closing the response waits for the reader, which waits for the next sign of life."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

