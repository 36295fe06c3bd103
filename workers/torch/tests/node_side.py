"""The Node side of the control link, as far as tests need it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from thinker_worker.link.connection import Connection

ROOT = Path(__file__).parent.parent


class NodeSide:
    """Listens on a Unix socket, starts one rank and calls it."""

    def __init__(self, folder: Path, settings: dict[str, Any], token: str = "secret") -> None:
        path = folder / "control.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self.heartbeats = 0
        self.memory: dict[str, Any] | None = None
        self._calls = 0
        variables = {
            **os.environ,
            "THINKER_CONTROL_URL": f"unix:{path}",
            "THINKER_CONTROL_TOKEN": token,
            "PYTHONPATH": str(ROOT),
        }
        self.process = subprocess.Popen([sys.executable, "-m", "thinker_worker"], env=variables)
        channel, _ = self._listener.accept()
        self.connection = Connection(channel)
        self.hello = self.connection.receive()
        self.connection.send({"kind": "welcome", "generation": 1, "settings": settings})

    def call(self, name: str, **args: Any) -> Any:
        """The value of a call; its error where it fails."""
        self._calls += 1
        self.connection.send({"kind": "call", "id": self._calls, "name": name, "args": args})
        while True:
            message = self.connection.receive()
            if message["kind"] == "heartbeat":
                self.heartbeats += 1
                self.memory = message["memory"]
                continue
            assert message["id"] == self._calls
            return message["value"] if message["kind"] == "result" else message["error"]

    def close(self) -> None:
        self.connection.close()
        self._listener.close()
        self.process.kill()
        self.process.wait()
