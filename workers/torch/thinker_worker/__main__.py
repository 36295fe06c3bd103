"""`python -m thinker_worker`: one rank of a group that computes for Thinker."""

from __future__ import annotations

import os

from thinker_worker.environment import prepare_libraries, read_environment


def main() -> None:
    environment = read_environment(os.environ)
    prepare_libraries()
    # Only now: these import torch.
    from thinker_worker.commands.loop import serve
    from thinker_worker.link.connection import connect

    connection = connect(environment.control_url, environment.control_ca)
    serve(connection, environment)
    # Threads and collectives that wait for others must not hold the process.
    os._exit(0)


if __name__ == "__main__":
    main()
