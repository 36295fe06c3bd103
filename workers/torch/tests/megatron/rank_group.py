"""Rank processes with a MegatronEngine each, connected by gloo; a test calls all of them at once."""

from __future__ import annotations

import os
import socket
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch.multiprocessing as mp

from thinker_worker.engine import Engine
from thinker_worker.engines import build_engine
from thinker_worker.environment import RankEnvironment
from thinker_worker.settings import Settings


@dataclass(frozen=True)
class _Failure:
    """What a rank raised, and its traceback."""

    error: Exception
    trace: str


class RankGroup:
    def __init__(self, settings: Settings, data: int = 1) -> None:
        context = mp.get_context("spawn")
        world = settings.tensor * settings.pipeline * data
        port = _free_port()
        self._pipes = []
        self._processes = []
        for rank in range(world):
            own, other = context.Pipe()
            process = context.Process(target=_serve, args=(other, settings, rank, world, port), daemon=True)
            process.start()
            self._pipes.append(own)
            self._processes.append(process)

    def each(self, function: Callable[..., Any], *args: Any) -> list[Any]:
        """function(engine, *args) on every rank; `function` must be importable."""
        for pipe in self._pipes:
            pipe.send((function, args))
        answers = [pipe.recv() for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, _Failure):
                print(answer.trace)
                raise answer.error
        return answers

    def call(self, method: str, *args: Any) -> list[Any]:
        """A method of the engine, on every rank."""
        return self.each(_call, method, *args)

    def same(self, method: str, *args: Any) -> Any:
        """A method whose result is the same on every rank."""
        results = self.call(method, *args)
        assert all(result == results[0] for result in results), results
        return results[0]

    def one(self, method: str, *args: Any) -> Any:
        """A method whose result one rank has."""
        (result,) = [result for result in self.call(method, *args) if result is not None]
        return result

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()


def _call(engine: Engine, method: str, *args: Any) -> Any:
    return getattr(engine, method)(*args)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _serve(pipe: Any, settings: Settings, rank: int, world: int, port: int) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    warnings.simplefilter("ignore")  # of megatron-core, about packages that are not installed
    engine = None
    while True:
        try:
            function, args = pipe.recv()
        except EOFError:
            return
        try:
            engine = engine or _engine(settings, rank, world)
            pipe.send(function(engine, *args))
        except Exception as error:
            pipe.send(_Failure(error, traceback.format_exc()))


def _engine(settings: Settings, rank: int, world: int) -> Engine:
    environment = RankEnvironment("", "", None, rank, local_rank=rank, world=world, run="test")
    return build_engine(settings, environment)
