"""What tests of passes do with a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from peft_reference import Datums
from rank_group import RankGroup
from thinker_worker.engine import AdamParams, RunPart, WeightsRef
from torch import Tensor

# float32 (1.2e-7), with sums in another order through four layers forward and back; relative to the largest number.
TOLERANCE = 2e-5

# Where a gradient is not above its rounding (about 1e-8 here), a small eps turns the rounding into a step of full size.
ADAM = AdamParams(learning_rate=0.01, beta1=0.9, beta2=0.95, eps=1e-4, weight_decay=0.1, grad_clip_norm=0.5)


def combined(results: Sequence[list[list[Tensor | None]]]) -> list[list[Tensor]]:
    """Log-probs by part and datum, from the results of all ranks; exactly one rank has each."""
    parts = []
    for part in zip(*results, strict=True):
        found = [[own for own in datum if own is not None] for datum in zip(*part, strict=True)]
        assert all(len(own) == 1 for own in found)
        parts.append([own[0] for own in found])
    return parts


def difference(actual: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> float:
    """The largest over all tensors, relative to the largest number (or to 1)."""
    assert actual.keys() == expected.keys()
    largest = max(1.0, *(tensor.abs().max().item() for tensor in expected.values()))
    return max((actual[name] - expected[name]).abs().max().item() for name in expected) / largest


def train(group: RankGroup, adapter: str, datums: Datums) -> list[Tensor]:
    """One pass over all datums, with their slopes; its gradients are kept. @returns log-probs"""
    order = tuple(range(len(datums.tokens)))
    group.call("open_pass", 1, [datums.item(WeightsRef("adapter", adapter))])
    (logprobs,) = combined(group.call("forward", 1, [RunPart(0, order)]))
    group.call("backward", 1, [datums.all_slopes(order)])
    group.call("keep_gradients", 1, 0)
    group.call("close_pass", 1)
    return logprobs
