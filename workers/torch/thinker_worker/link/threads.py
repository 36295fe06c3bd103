"""Threads beside the one that computes: one reads the socket, one says that the rank is alive.

A rank of a group that is over must not go on, whatever its main thread is doing, perhaps in a collective that nobody
will join any more. So the thread that sees the end of the connection ends the process, and not with 0: torchrun takes
that for finished work, closes the rendezvous and does not start the rank again. Once Node has asked the rank to stop, its
work is finished and every end is one with 0, however early the connection goes: torchrun on a host whose rank has ended
with 0 waits for those of the other hosts, deaf to signals.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from thinker_worker.link.connection import Connection, ConnectionEnded

Messages = SimpleQueue[dict[str, Any]]

# Exit status: try again later (EX_TEMPFAIL).
LINK_ENDED = 75


def start_reader(connection: Connection) -> Messages:
    """Reads messages into a queue, as they come. Ends the process with the connection."""
    messages: Messages = SimpleQueue()

    def read() -> None:
        stopping = False
        try:
            while True:
                message = connection.receive()
                stopping = stopping or _is_stop(message)
                messages.put(message)
        except ConnectionEnded:
            os._exit(0 if stopping else LINK_ENDED)
        except BaseException as error:
            print(f"The control link broke: {error!r}", flush=True)
            os._exit(LINK_ENDED)

    threading.Thread(target=read, name="reader", daemon=True).start()
    return messages


def _is_stop(message: dict[str, Any]) -> bool:
    return message["kind"] == "call" and message["name"] == "stop"


def start_heartbeat(connection: Connection, seconds: float, measure: Callable[[], dict[str, Any]]) -> None:
    """Sends a heartbeat every `seconds`, also while the main thread computes, until the connection ends.

    @param measure: what each of them carries; it must not wait for what the main thread does
    """
    pause = threading.Event()

    def beat() -> None:
        try:
            while True:
                connection.send({"kind": "heartbeat", **measure()})
                pause.wait(seconds)
        except ConnectionEnded:
            # The reader sees the end too, and knows whether it was expected.
            return

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
