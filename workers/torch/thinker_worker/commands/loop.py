"""The life of a rank on its connection: it says who it is, is welcomed, and carries calls out until the end."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from functools import partial
from typing import Any

import torch
import transformers

from thinker_worker.commands.calls import Calls
from thinker_worker.commands.failures import describe_failure, release_memory
from thinker_worker.engine import Engine
from thinker_worker.engines import build_engine
from thinker_worker.environment import RankEnvironment
from thinker_worker.link.connection import Connection, ConnectionEnded
from thinker_worker.link.threads import Messages, start_heartbeat, start_reader
from thinker_worker.memory_use import memory_in_use
from thinker_worker.settings import Settings, read_settings

PROTOCOL = 1


def serve(connection: Connection, environment: RankEnvironment) -> None:
    """Returns after `stop`. The process ends by itself when the connection does. @raises SystemExit when refused"""
    connection.send(_hello(environment))
    messages = start_reader(connection)
    settings = _welcomed(messages.get())
    start_heartbeat(connection, settings.heartbeat_seconds, partial(memory_in_use, environment.local_rank))
    engine = build_engine(settings, environment)
    _carry_out(connection, messages, engine)


def _hello(environment: RankEnvironment) -> dict[str, Any]:
    return {
        "kind": "hello",
        "protocol": PROTOCOL,
        "token": environment.control_token,
        "run": environment.run,
        "rank": environment.rank,
        "world": environment.world,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "versions": {
            "python": sys.version.split()[0],
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }


def _welcomed(message: dict[str, Any]) -> Settings:
    if message["kind"] == "refused":
        raise SystemExit(f"Thinker refuses this rank: {message['reason']}")
    if message["kind"] != "welcome":
        raise SystemExit(f"Thinker sent {message['kind']!r} where it should welcome the rank.")
    return read_settings(message["settings"])


def _carry_out(connection: Connection, messages: Messages, engine: Engine) -> None:
    calls = Calls(engine)
    while True:
        message = messages.get()
        if message["kind"] != "call":
            raise SystemExit(f"Thinker sent {message['kind']!r} where it should call.")
        try:
            value = calls.run(message["name"], message["args"])
        except Exception as error:
            failure = describe_failure(error)
            # Its frames hold the tensors of the call.
            error.__traceback__ = None
            if failure["kind"] == "memory":
                release_memory()
            connection.send({"kind": "error", "id": message["id"], "error": failure})
            continue
        answer = {"kind": "result", "id": message["id"], "value": value}
        if message["name"] == "stop":
            # Node may be gone already: it does not wait for a rank once another has left.
            with suppress(ConnectionEnded):
                connection.send(answer)
            return
        connection.send(answer)
