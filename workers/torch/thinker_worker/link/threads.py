"""Threads beside the one that computes: one reads the socket, one says that the rank is alive.

A rank of a group that is over must not go on, whatever its main thread is doing, perhaps in a collective that nobody
will join any more. So the thread that sees the end of the connection ends the process, and not with 0: torchrun takes
that for finished work, closes the rendezvous and does not start the rank again.
"""

from __future__ import annotations

import os
import threading
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
        try:
            while True:
                messages.put(connection.receive())
        except ConnectionEnded:
            os._exit(LINK_ENDED)
        except BaseException as error:
            print(f"The control link broke: {error!r}", flush=True)
            os._exit(LINK_ENDED)

    threading.Thread(target=read, name="reader", daemon=True).start()
    return messages


def start_heartbeat(connection: Connection, seconds: float) -> None:
    """Sends a heartbeat every `seconds`, also while the main thread computes."""
    pause = threading.Event()

    def beat() -> None:
        try:
            while True:
                connection.send({"kind": "heartbeat"})
                pause.wait(seconds)
        except ConnectionEnded:
            os._exit(LINK_ENDED)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
