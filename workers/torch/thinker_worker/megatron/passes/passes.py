"""Passes over a base model: forward and backward of runs, and the gradients of each item until the host keeps them.

Every data-parallel replica computes some datums of a run; gradients are summed over the replicas when they are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import torch
import torch.distributed as dist
from megatron.core import parallel_state as ps
from torch import Tensor

from thinker_worker.engine import PassItem, RunLogprobs, RunPart, RunSlopes
from thinker_worker.errors import WorkerError
from thinker_worker.numerics.dropout import DroppedRows
from thinker_worker.numerics.slopes import loss_slopes
from thinker_worker.megatron.lora.adapter_state import Shares
from thinker_worker.megatron.passes.batch import Batch, Dropout, LoraShare, Segment, Span, consecutive
from thinker_worker.megatron.logprobs import TargetLogprobs
from thinker_worker.megatron.model.mapping import Shard
from thinker_worker.megatron.parallel import Parallel
from thinker_worker.megatron.lora.pinned import PinnedWeights
from thinker_worker.megatron.stage import StageRun
from thinker_worker.megatron.passes.training_memory import TrainingMemory


class OpenItem:
    """One item of an open pass, with the sum of the gradients of its runs."""

    def __init__(self, item: PassItem, weights: PinnedWeights) -> None:
        self.item = item
        self.stage = weights.stage
        self._weights = weights
        shares = weights.shares.items() if item.train else ()
        # Zeros where nothing was computed, as in PyTorch.
        self.gradients: Shares = {name: torch.zeros_like(share) for name, share in shares}
        offsets = item.tokens.offsets.tolist()
        self._rows = [slice(start, stop) for start, stop in zip(offsets[:-1], offsets[1:], strict=True)]
        self._scored = [item.scored[rows].nonzero()[:, 0] for rows in self._rows]

    def dropout(self, rows: tuple[DroppedRows, ...]) -> Dropout | None:
        lora = self._weights.lora
        if not self.item.train or lora is None or lora.dropout == 0:
            return None
        return Dropout(lora, self._weights.passes, rows)

    def tokens(self, datum: int) -> Tensor:
        return self.item.tokens.data[self._rows[datum]]

    @property
    def datums(self) -> range:
        return range(len(self._rows))

    def length(self, datum: int) -> int:
        rows = self._rows[datum]
        return rows.stop - rows.start

    def scored(self, datum: int) -> Tensor:
        """Positions of the datum whose log-probs are wanted."""
        return self._scored[datum]

    def targets(self, datum: int) -> Tensor:
        """[scored positions, K]"""
        per_position = self.item.targets.data.view(-1, *(self.item.targets.trailing_shape or (1,)))
        return per_position[self._rows[datum]][self._scored[datum]]

    def scores(self, datum: int) -> int:
        """How many log-probs the datum has."""
        return len(self._scored[datum]) * math.prod(self.item.targets.trailing_shape)

    def leaves(self) -> dict[str, Tensor]:
        """The adapter's shares for one run, whose gradients are those of the run alone."""
        return {name: share.detach().requires_grad_(self.item.train) for name, share in self._weights.shares.items()}

    def modules(self, leaves: Shares) -> dict[str, LoraShare]:
        return self._weights.modules(leaves)

    def add(self, leaves: Shares) -> None:
        """Adds the gradients of a run that has been computed whole."""
        found = {name: leaf.grad for name, leaf in leaves.items()}
        self.gradients = {
            name: total if (own := found[name]) is None else total + own for name, total in self.gradients.items()
        }


@dataclass(frozen=True)
class Member:
    """One datum of a run. `scores` is where its log-probs are among those of its part."""

    part: int
    datum: int
    item: OpenItem
    scores: slice


class PassRun:
    """One run on this rank: its replica's datums, as a batch."""

    def __init__(
        self, items: Sequence[OpenItem], parts: Sequence[RunPart], parallel: Parallel, memory: TrainingMemory
    ) -> None:
        self.parts = parts
        self._parallel = parallel
        self._memory = memory
        members = [
            Member(index, datum, item, scores)
            for index, (part, item) in enumerate(zip(parts, items, strict=True))
            for datum, scores in zip(part.datums, consecutive([item.scores(d) for d in part.datums]), strict=True)
        ]
        self.members = _dealt(members, parallel.data)
        self._items = items
        self._leaves = [item.leaves() for item in items]
        self._modules = [item.modules(leaves) for item, leaves in zip(items, self._leaves, strict=True)]
        self.stage = items[0].stage
        self.train = items[0].item.train
        self._computed: StageRun | None = None
        self._logprobs: Tensor | None = None

    @cached_property
    def batch(self) -> Batch:
        lengths = [member.item.length(member.datum) for member in self.members]
        rows = consecutive(lengths)
        wanted = [span.start + member.item.scored(member.datum) for span, member in zip(rows, self.members, strict=True)]
        device = self.stage.device
        return Batch(
            tokens=torch.cat([member.item.tokens(member.datum) for member in self.members]).long().to(device),
            segments=tuple(Segment(span) for span in rows),
            spans=self._spans(lengths),
            wanted=torch.cat(wanted).to(device),
            wanted_spans=self._spans([len(own) for own in wanted]),
            recompute=self.train and self._memory.must_recompute(self.stage, sum(lengths)),
        )

    def forward(self) -> RunLogprobs:
        if self.members:
            self._computed = self.stage.run(self.batch, self.train)
            self._logprobs = self._score(self._computed)
        return self._results()

    def backward(self, slopes: Sequence[Tensor]) -> None:
        """slopes: dLoss/dlogprob of each whole part."""
        if self._computed is None:
            return
        gradient = None
        if self._logprobs is not None:
            own = [slopes[member.part][member.scores] for member in self.members]
            gradient = torch.cat(own).to(self.stage.device)
        self.stage.backward(self.batch, self._computed, self._logprobs, gradient)
        # Only now, when nothing can fail any more: a run that fails is made again, in smaller ones.
        for item, leaves in zip(self._items, self._leaves, strict=True):
            item.add(leaves)

    def slopes(self, by_formula: Sequence[RunSlopes]) -> list[Tensor]:
        """dLoss/dlogprob of each part by its formula; zeros for the datums of other replicas."""
        found = [torch.zeros_like(slopes.weights) for slopes in by_formula]
        if self._logprobs is None:
            return found
        for member, logprobs in zip(self.members, self._by_member(), strict=True):
            slopes = by_formula[member.part]
            own = replace(
                slopes,
                weights=slopes.weights[member.scores],
                sampler_logprobs=slopes.sampler_logprobs[member.scores],
                advantages=slopes.advantages[member.scores],
            )
            found[member.part][member.scores] = loss_slopes(logprobs, own)
        return found

    def _spans(self, rows: Sequence[int]) -> tuple[Span, ...]:
        """One for each part; `rows` says how many rows each member has."""
        spans = []
        for part, own in groupby(zip(self.members, rows, strict=True), key=lambda pair: pair[0].part):
            dropped = tuple(DroppedRows(member.datum, count) for member, count in own)
            length = sum(rows.count for rows in dropped)
            spans.append(Span(length, self._modules[part], self._items[part].dropout(dropped)))
        return tuple(spans)

    def _score(self, run: StageRun) -> Tensor | None:
        if run.logits is None:
            return None
        targets = [member.item.targets(member.datum) for member in self.members]
        counts = torch.cat([torch.full((t.shape[0],), t.shape[1]) for t in targets])
        rows = torch.repeat_interleave(torch.arange(len(counts)), counts).to(run.logits.device)
        tokens = torch.cat([t.flatten() for t in targets]).long().to(run.logits.device)
        group = ps.get_tensor_model_parallel_group()
        with torch.set_grad_enabled(self.train):
            return TargetLogprobs.apply(run.logits, rows, tokens, self.stage.first_token, group)

    def _results(self) -> RunLogprobs:
        results: RunLogprobs = [[None] * len(part.datums) for part in self.parts]
        if self._logprobs is not None and self._parallel.gives_results:
            for member, logprobs in zip(self.members, self._by_member(), strict=True):
                results[member.part][self.parts[member.part].datums.index(member.datum)] = logprobs
        return results

    def _by_member(self) -> list[Tensor]:
        assert self._logprobs is not None
        sizes = [member.scores.stop - member.scores.start for member in self.members]
        return list(self._logprobs.detach().cpu().split(sizes))


class OpenPass:
    """Items that run together. The last run is kept for its backward until the next call."""

    def __init__(self, items: dict[int, OpenItem], parallel: Parallel, memory: TrainingMemory) -> None:
        self._items = items
        self._memory = memory
        self._parallel = parallel
        self._run: PassRun | None = None

    def forward(self, parts: Sequence[RunPart]) -> RunLogprobs:
        self._run = PassRun([self._items[part.item] for part in parts], parts, self._parallel, self._memory)
        return self._run.forward()

    def backward(self, slopes: Sequence[Tensor]) -> None:
        run, self._run = self._run, None
        if run is None:
            raise RuntimeError("A backward follows the forward of its run.")
        run.backward(slopes)

    def fused(self, parts: Sequence[RunPart], slopes: Sequence[RunSlopes]) -> RunLogprobs:
        logprobs = self.forward(parts)
        assert self._run is not None
        self.backward(self._run.slopes(slopes))
        return logprobs

    def gradients(self, index: int) -> tuple[OpenItem, Shares]:
        """Of one item, summed over the replicas. Raises WorkerError `non_finite_loss`, on all ranks alike."""
        item = self._items[index]
        shares = item.gradients
        if self._parallel.data.count > 1 and shares:
            shares = _summed(shares)
        bad = next((name for name, gradient in shares.items() if not gradient.isfinite().all()), None)
        self._parallel.raise_alike(None if bad is None else _non_finite_loss(bad), self._parallel.world)
        return item, shares


def _non_finite_loss(tensor: str) -> WorkerError:
    what = f"The gradient of {tensor}"
    return WorkerError("non_finite_loss", f"{what} is NaN or infinite.", what=what)


def _dealt(members: list[Member], data: Shard) -> list[Member]:
    """The members of one replica, so that all have about as many tokens: the longest first, each to the least loaded."""
    loads = [0] * data.count
    own = []
    for member in sorted(members, key=lambda member: -member.item.length(member.datum)):
        replica = loads.index(min(loads))
        loads[replica] += member.item.length(member.datum)
        if replica == data.index:
            own.append(member)
    return sorted(own, key=lambda member: (member.part, member.scores.start, member.datum))


def _summed(shares: Shares) -> Shares:
    """Over the data-parallel replicas, in one collective."""
    flat = torch.cat([gradient.reshape(-1) for gradient in shares.values()])
    dist.all_reduce(flat, group=ps.get_data_parallel_group())
    parts = flat.split([gradient.numel() for gradient in shares.values()])
    return {name: part.view_as(gradient) for (name, gradient), part in zip(shares.items(), parts, strict=True)}
