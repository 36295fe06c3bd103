"""A rank is killed; how long until its successor has the adapter again and answers? Over the control link, as Node does it."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import torch
from node_side import NodeSide
from thinker_worker.link.connection import ConnectionEnded

from gpu_bench.ours import ADAM, BASE, fresh_state, lora_spec, pass_item
from gpu_bench.report import Row
from gpu_bench.shapes import Shape, adapter_weights, random_chats


def measure_recovery(shape: Shape, folder: Path, model: Path, device: torch.device) -> list[Row]:
    settings = {
        "engine": "hf",
        "models": [{"name": BASE, "folder": str(model)}],
        "device": device.type,
        "dtype": "bfloat16",
        "batching": "rounding",
        "heartbeatSeconds": 1,
    }
    adapter = {"id": "a", "baseModel": BASE, "lora": _wire(lora_spec(shape.sizes.rank))}
    state = _wire(fresh_state(adapter_weights(shape.config, shape.sizes.rank, 1)))
    chats = random_chats(shape.config, 1, shape.sizes.short, 1)

    first = _start(folder / "first", settings)
    _call(first, "createAdapter", adapter=adapter, state=state)
    _forward_backward(first, chats)
    _call(first, "step", id="a", params=_wire(ADAM))
    saved = _call(first, "exportState", id="a")

    killed = time.perf_counter()
    first.process.kill()
    try:
        while True:
            first.connection.receive()
    except ConnectionEnded:
        noticed = time.perf_counter()
    second = _start(folder / "second", settings)
    started = time.perf_counter()
    _call(second, "createAdapter", adapter=adapter, state=saved)
    _forward_backward(second, chats)
    answered = time.perf_counter()
    first.close()
    second.close()
    return [
        Row("a rank is killed: noticed after", noticed - killed, None, "s"),
        Row("its successor has loaded the model after", started - killed, None, "s"),
        Row("and given the next result of the adapter after", answered - killed, None, "s"),
    ]


def _start(folder: Path, settings: dict[str, Any]) -> NodeSide:
    folder.mkdir()
    side = NodeSide(folder, settings)
    _call(side, "start")
    return side


def _forward_backward(side: NodeSide, chats: list[torch.Tensor]) -> None:
    item = _wire(pass_item("a", chats))
    item["weights"] = {"kind": "adapter", "id": "a"}
    _call(side, "openPass", **{"pass": 1}, items=[item])
    _call(side, "forward", **{"pass": 1}, parts=[{"item": 0, "datums": [0]}])
    _call(side, "backward", **{"pass": 1}, dLogprobs=[-torch.ones(chats[0].numel() - 1)])
    _call(side, "keepGradients", **{"pass": 1}, item=0)
    _call(side, "closePass", **{"pass": 1})


def _call(side: NodeSide, name: str, **args: Any) -> Any:
    value = side.call(name, **args)
    if isinstance(value, dict) and "code" in value:
        raise RuntimeError(f"{name}: {value['message']}")
    return value


def _wire(value: Any) -> Any:
    """A type of the engine's port as it travels: fields in camel case, tensors by name as lists of pairs."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_camel(field.name): _wire(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return [[key, _wire(own)] for key, own in value.items()] if _holds_tensors(value) else value
    if isinstance(value, tuple | frozenset):
        return [_wire(own) for own in value]
    return value


def _holds_tensors(value: dict[str, Any]) -> bool:
    return all(isinstance(own, torch.Tensor) for own in value.values())


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
