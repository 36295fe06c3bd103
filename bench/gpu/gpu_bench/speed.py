"""Speed of training and decoding, and memory, against the plain loop."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from gpu_bench.ours import Ours
from gpu_bench.peer import Peer
from gpu_bench.report import Row
from gpu_bench.shapes import Shape, adapter_parameters, adapter_weights, random_chats

ADAPTERS = 8


def measure_speed(shape: Shape, model: Path, device: torch.device) -> list[Row]:
    """Training: forward, backward and an AdamW step of every adapter, in tokens per second."""
    config, sizes = shape.config, shape.sizes
    ours, peer = Ours(model, device.type, sizes.rank), Peer(model, device, torch.bfloat16, sizes.rank)
    names = [f"adapter-{number}" for number in range(ADAPTERS)]
    for seed, name in enumerate(names):
        weights = adapter_weights(config, sizes.rank, seed)
        ours.create(name, weights)
        peer.create(name, weights)
    # Adapters, chats of each, tokens of a chat, target.
    cases = [(1, 8, sizes.long, 1.0), (1, 1, sizes.short, 1.0), (ADAPTERS, 1, sizes.short, 3.0), (ADAPTERS, 1, sizes.long, None)]
    rows = []
    for adapters, count, length, target in cases:
        chats = {name: random_chats(config, count, length, seed) for seed, name in enumerate(names[:adapters])}

        def train_ours(chats: dict[str, list[torch.Tensor]] = chats) -> None:
            ours.forward_backward(chats)
            for name in chats:
                ours.step(name)

        def train_peer(chats: dict[str, list[torch.Tensor]] = chats) -> None:
            for name, own in chats.items():
                peer.forward_backward(name, own)
                peer.step(name)

        tokens = adapters * count * length
        title = f"training, {adapters} adapter{'s'[: adapters > 1]} with {count} x {length} tokens"
        rows.append(_compare(title, tokens, train_ours, train_peer, sizes.repeats, device, target))
    return [*rows, *_decoding(shape, ours, peer, names, device), *_memory(shape, ours, device)]


def _decoding(shape: Shape, ours: Ours, peer: Peer, names: list[str], device: torch.device) -> list[Row]:
    sizes = shape.sizes
    prompts = [chat[:-1] for chat in random_chats(shape.config, sizes.prompts, sizes.short, seed=1)]
    of_adapters = [(names[number % len(names)], prompt) for number, prompt in enumerate(prompts)]
    title = f"decoding, {sizes.prompts} requests of {len(names)} adapters, {sizes.short} + {sizes.new_tokens} tokens"
    tokens = sizes.prompts * sizes.new_tokens

    def decode_ours() -> None:
        ours.decode(of_adapters, sizes.new_tokens)

    def decode_batch() -> None:
        peer.decode(names[0], prompts, sizes.new_tokens)

    together = _seconds(decode_ours, sizes.repeats, device)
    batch = _seconds(decode_batch, sizes.repeats, device)
    alone = _seconds(lambda: peer.decode(names[0], prompts[:1], sizes.new_tokens), sizes.repeats, device)
    return [
        Row(f"{title}; reference: generate, one batch, one adapter", tokens / together, tokens / batch, "tokens/s"),
        Row(f"{title}; reference: generate, one by one", tokens / together, sizes.new_tokens / alone, "tokens/s", at_least=5.0),
    ]


def _memory(shape: Shape, ours: Ours, device: torch.device) -> list[Row]:
    """Weights and moments of adapters; the reference is 12 bytes per parameter."""
    if device.type != "cuda":
        return []
    before = torch.cuda.memory_allocated(device)
    for number in range(ADAPTERS):
        ours.create(f"more-{number}", adapter_weights(shape.config, shape.sizes.rank, number), moments=True)
    each = (torch.cuda.memory_allocated(device) - before) / ADAPTERS
    for number in range(ADAPTERS):
        ours.delete(f"more-{number}")
    expected = 12 * adapter_parameters(shape.config, shape.sizes.rank)
    return [Row(f"memory of an idle adapter of rank {shape.sizes.rank}", each / 1e6, expected / 1e6, "MB", at_most=1.05)]


def _compare(
    title: str,
    tokens: int,
    ours: Callable[[], None],
    peer: Callable[[], None],
    repeats: int,
    device: torch.device,
    target: float | None,
) -> Row:
    mine, others = [], []
    # The first round warms both sides up.
    for number in range(repeats + 1):
        for side, samples in ((ours, mine), (peer, others)):
            seconds = _timed(side, device)
            if number > 0:
                samples.append(tokens / seconds)
    return Row(title, statistics.median(mine), statistics.median(others), "tokens/s", at_least=target)


def _seconds(work: Callable[[], None], repeats: int, device: torch.device) -> float:
    return statistics.median([_timed(work, device) for _ in range(repeats + 1)][1:])


def _timed(work: Callable[[], None], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started
