"""Numbers of the engine in bfloat16 against PEFT's in bfloat16, both measured by their distance from PEFT in float32.

bfloat16 has 8 bits, and both sides round at different points, so they must differ from each other; but neither may be farther
from the numbers without rounding than the other. Hence the targets: our distance divided by PEFT's. 1.5 allows for chance:
roundings are as good as random, and of two equally good sides the norm of thousands of errors differs by far less.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoConfig

from gpu_bench.ours import Ours
from gpu_bench.peer import Peer
from gpu_bench.report import Row
from gpu_bench.shapes import Shape, adapter_weights, random_chats, write_model

# Layers of the model: enough for errors to pass through attention and MLP several times, few enough for float32.
LAYERS = 4
STEPS = 3
TOLERANCE = 1.5
NAMES = ("first", "second")
Result = tuple[Tensor, dict[str, Tensor], float]


def measure_numbers(shape: Shape, folder: Path, device: torch.device) -> list[Row]:
    sizes = shape.sizes
    model = write_model(shape.config, folder / "numbers", device, min(LAYERS, shape.config.num_hidden_layers))
    config = AutoConfig.from_pretrained(model)
    weights = {name: adapter_weights(config, sizes.rank, seed) for seed, name in enumerate(NAMES)}
    chats = {name: random_chats(config, 2, sizes.long, seed) for seed, name in enumerate(NAMES)}
    truth = _of_peer(Peer(model, device, torch.float32, sizes.rank), weights, chats)
    peer = _of_peer(Peer(model, device, torch.bfloat16, sizes.rank), weights, chats)
    ours = _of_ours(Ours(model, device.type, sizes.rank), weights, chats)
    return [
        Row("log-probs, error (RMS)", _rms(ours[0] - truth[0]), _rms(peer[0] - truth[0]), "nats", at_most=TOLERANCE),
        Row("gradients, relative error", _distance(ours[1], truth[1]), _distance(peer[1], truth[1]), "", at_most=TOLERANCE),
        Row(f"mean log-prob after {STEPS} AdamW steps", ours[2], truth[2], "nats", at_least=0.99, at_most=1.01),
    ]


def _of_ours(side: Ours, weights: Mapping[str, Mapping[str, Tensor]], chats: Mapping[str, list[Tensor]]) -> Result:
    """Both adapters in one pass. @returns log-probs and gradients of a first pass, mean log-prob after the steps"""
    for name, own in weights.items():
        side.create(name, own)
    first = torch.cat(list(side.forward_backward(chats).values()))
    gradients = {f"{name}.{key}": own for name in chats for key, own in side.gradients(name).items()}
    for _ in range(STEPS):
        for name in chats:
            side.step(name)
        last = torch.cat(list(side.forward_backward(chats).values()))
    return first, gradients, last.mean().item()


def _of_peer(side: Peer, weights: Mapping[str, Mapping[str, Tensor]], chats: Mapping[str, list[Tensor]]) -> Result:
    for name, own in weights.items():
        side.create(name, own)
    first = torch.cat([side.forward_backward(name, own) for name, own in chats.items()])
    gradients = {f"{name}.{key}": own for name in chats for key, own in side.gradients(name).items()}
    for _ in range(STEPS):
        for name in chats:
            side.step(name)
        last = torch.cat([side.forward_backward(name, own) for name, own in chats.items()])
    return first, gradients, last.mean().item()


def _rms(errors: Tensor) -> float:
    return errors.square().mean().sqrt().item()


def _distance(found: Mapping[str, Tensor], truth: Mapping[str, Tensor]) -> float:
    """Norm of the difference over all tensors, divided by the norm of the truth."""
    if found.keys() != truth.keys():
        raise ValueError(f"The sides have gradients of other tensors: {sorted(found.keys() ^ truth.keys())[:4]}")
    errors = sum((found[name] - truth[name]).double().square().sum() for name in truth)
    norms = sum(truth[name].double().square().sum() for name in truth)
    return float((errors / norms) ** 0.5)
