"""Two ranks on gloo against one."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.multiprocessing as processes
from rank_engine import LINEARS, MODEL, all_of, make_adapter, make_item, numbers_of, plain_slopes, start_engine
from thinker_worker.engine import AdamParams, SequenceStep, WeightsRef
from thinker_worker.hf.hf_engine import HfEngine
from hf_models import COMMON, make_model

# Sums over datums are taken in another order.
TOLERANCE = 1e-5
VOCABULARY = COMMON["vocab_size"]
ADAM = AdamParams(1e-3, 0.9, 0.999, 1e-6, 0.01, 1.0)


def scenario(engine: HfEngine) -> dict[str, Any]:
    """What one rank answers: training of three adapters, of which two have a single datum, and sampling."""
    make_adapter(engine, "a", 4, LINEARS, seed=1)
    make_adapter(engine, "b", 2, ("o_proj",), seed=2, dropout=0.2)
    make_adapter(engine, "c", 3, ("lm_head",), seed=3)
    items = [
        make_item("a", (7, 1, 23, 12, 9), 5, VOCABULARY),
        make_item("b", (20,), 6, VOCABULARY),
        make_item("c", (8,), 7, VOCABULARY),
    ]
    answers: dict[str, Any] = {"logprobs": [], "digests": [], "norms": []}
    # All together; then the last alone, of which one rank has nothing.
    for which in ((0, 1, 2), (2,)):
        chosen = [items[number] for number in which]
        parts = [all_of(index, item) for index, item in enumerate(chosen)]
        engine.open_pass(1, chosen)
        answers["logprobs"].append(engine.forward(1, parts))
        engine.backward(1, [-torch.ones(numbers_of(item)) for item in chosen])
        engine.fused(1, parts, [plain_slopes(numbers_of(item)) for item in chosen])
        for index in range(len(chosen)):
            engine.keep_gradients(1, index)
        engine.close_pass(1)
    for name in "abc":
        result = engine.step(name, ADAM)
        answers["digests"].append(result.digest)
        answers["norms"].append((result.grad_norm, result.update_norm))
    state = engine.export_state("a")
    answers["weights"] = None if state is None else dict(state.weights)
    answers["logits"] = sample(engine)
    return answers


def sample(engine: HfEngine) -> list[Any]:
    engine.open_sequence(1, WeightsRef("adapter", "a"))
    engine.open_sequence(2, WeightsRef("base", MODEL))
    texts = {1: [5, 6, 7], 2: [8, 9]}
    steps = [
        SequenceStep(number, torch.tensor(text, dtype=torch.int32), torch.tensor([len(text) - 1]))
        for number, text in texts.items()
    ]
    found = engine.advance(steps)
    engine.fork_sequence(1, [3], 2)
    # Of this call, one rank has nothing.
    found += engine.advance([SequenceStep(3, torch.tensor([11], dtype=torch.int32), torch.tensor([0]))])
    return [None if tokens is None else tokens.logits for tokens in found]


def run_rank(rank: int, world: int, port: int, folder: str, out: str, shard: bool) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    engine = start_engine(Path(folder), rank, world, shard=shard, threads=1)
    torch.save(scenario(engine), f"{out}/{rank}.pt")
    engine.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def joined(one: Any, other: Any) -> Any:
    """What the two ranks know together; each answer comes from exactly one."""
    if isinstance(one, list):
        return [joined(*pair) for pair in zip(one, other, strict=True)]
    assert (one is None) != (other is None)
    return one if other is None else other


def near(found: Any, expected: Any) -> None:
    if isinstance(expected, list):
        for pair in zip(found, expected, strict=True):
            near(*pair)
    else:
        torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("shard", [False, True], ids=["whole base", "sharded base"])
def test_two_ranks_compute_what_one_does(shard: bool, tmp_path: Path) -> None:
    folder = make_model("llama", tmp_path)
    processes.spawn(run_rank, (2, free_port(), str(folder), str(tmp_path), shard), nprocs=2)  # type: ignore[no-untyped-call]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    expected = scenario(start_engine(folder, threads=1))
    assert first["digests"] == second["digests"] and first["norms"] == second["norms"]
    near(joined(first["logprobs"], second["logprobs"]), expected["logprobs"])
    near(joined(first["logits"], second["logits"]), expected["logits"])
    for norms in zip(first["norms"], expected["norms"], strict=True):
        assert norms[0] == pytest.approx(norms[1], rel=TOLERANCE)
    assert second["weights"] is None
    for name, weight in expected["weights"].items():
        near(first["weights"][name], weight)
