"""An engine in the test's own process, and adapters and requests for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from thinker_worker.engine import (
    AdapterHandle,
    AdapterState,
    FusedTerms,
    LoraSpec,
    PassItem,
    Ragged,
    RunPart,
    RunSlopes,
    WeightsRef,
)
from thinker_worker.environment import RankEnvironment
from thinker_worker.hf.hf_engine import HfEngine
from thinker_worker.settings import ModelFolder, Settings
from thinker_worker.state.lora import A_SUFFIX, B_SUFFIX
from torch import Tensor

MODEL = "model"
LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
FUSED_LINEARS = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")


def start_engine(folder: Path, rank: int = 0, world: int = 1, **settings: object) -> HfEngine:
    options = {"device": "cpu", "dtype": "float32", "collective_seconds": 30.0, **settings}
    engine = HfEngine(
        Settings("hf", (ModelFolder(MODEL, str(folder)),), **options),  # type: ignore[arg-type]
        RankEnvironment("", "", None, rank, rank, world, "test/0"),
    )
    engine.start()
    return engine


def make_adapter(
    engine: HfEngine, name: str, rank: int, targets: Sequence[str], seed: int = 1, dropout: float = 0.0
) -> AdapterHandle:
    """An adapter whose A and B are random. Its alpha is 2 * rank + 1."""
    lora = LoraSpec(rank, 2.0 * rank + 1, dropout, tuple(targets), False, seed)
    handle = AdapterHandle(name, MODEL, lora)
    generator = torch.Generator().manual_seed(seed)
    weights: dict[str, Tensor] = {}
    for module, linear in engine.bases[MODEL].linears.items():
        if module.rsplit(".", 1)[-1] in targets:
            weights[module + A_SUFFIX] = torch.randn(rank, linear.in_features, generator=generator) * 0.1
            weights[module + B_SUFFIX] = torch.randn(linear.out_features, rank, generator=generator) * 0.1
    engine.create_adapter(handle, AdapterState(weights, {}, {}, 0, None, 0, 0))
    return handle


def make_item(
    name: str, lengths: Sequence[int], seed: int, vocabulary: int, train: bool = True, targets: int = 1
) -> PassItem:
    """Random tokens, of which about two thirds are scored."""
    generator = torch.Generator().manual_seed(seed)
    offsets = torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()], dtype=torch.int32)
    count = int(offsets[-1])

    def draw(size: int) -> Tensor:
        return torch.randint(3, vocabulary, (size,), generator=generator, dtype=torch.int32)

    scored = (torch.rand(count, generator=generator) < 0.67).to(torch.uint8)
    scored[-1] = 1
    return PassItem(
        WeightsRef("adapter", name),
        train,
        Ragged(draw(count), offsets),
        Ragged(draw(count * targets), offsets, () if targets == 1 else (targets,)),
        scored,
    )


def all_of(item: int, request: PassItem) -> RunPart:
    return RunPart(item, tuple(range(request.tokens.offsets.numel() - 1)))


def numbers_of(request: PassItem) -> int:
    return int(request.scored.count_nonzero()) * (request.targets.data.numel() // request.tokens.data.numel())


def plain_slopes(count: int, weights: Tensor | None = None) -> RunSlopes:
    """Those of a weighted sum of negative log-probs."""
    zeros = torch.zeros(count)
    return RunSlopes(FusedTerms("weights", 0, 0, 0), torch.ones(count) if weights is None else weights, zeros, zeros)


def run_pass(
    engine: HfEngine, items: Sequence[PassItem], fused: bool = False, d_logprobs: Sequence[Tensor] | None = None
) -> list[Tensor]:
    """Log-probs of each item; what trains also keeps its gradients, of slopes -1 where none are given."""
    assert engine.open_pass(1, items) == {}
    parts = [all_of(number, item) for number, item in enumerate(items)]
    slopes = d_logprobs or [-torch.ones(numbers_of(item)) for item in items]
    if fused:
        found = engine.fused(1, parts, [plain_slopes(own.numel(), -own) for own in slopes])
    else:
        found = engine.forward(1, parts)
        if items[0].train:
            engine.backward(1, slopes)
    if items[0].train:
        for number in range(len(items)):
            engine.keep_gradients(1, number)
    engine.close_pass(1)
    return [torch.cat([datum for datum in part if datum is not None]) for part in found]
