"""Open passes of one rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from thinker_worker.engine import RunLogprobs, RunPart, RunSlopes
from thinker_worker.errors import WorkerError
from thinker_worker.hf.passes.packed_run import JoinedRun, PackedRun, PartRows
from thinker_worker.hf.passes.pass_items import OpenItem
from thinker_worker.hf.rank_group import RankGroup
from thinker_worker.hf.passes.training_memory import TrainingMemory


@dataclass
class OpenPass:
    """Its items by their index; those that were refused are missing."""

    items: dict[int, OpenItem]
    group: RankGroup
    memory: TrainingMemory
    _run: PackedRun | JoinedRun | None = field(default=None)

    def forward(self, parts: Sequence[RunPart]) -> RunLogprobs:
        self._run = None
        run, train = self._packed(parts)
        found = run.forward(train)
        self._run = run if train else None
        return found

    def backward(self, d_logprobs: Sequence[Tensor]) -> None:
        if self._run is None:
            raise ValueError("Only a forward that trains, as the last call, has a backward.")
        self._run.backward(d_logprobs)

    def fused(self, parts: Sequence[RunPart], slopes: Sequence[RunSlopes]) -> RunLogprobs:
        self._run = None
        run, _ = self._packed(parts)
        return run.fused(slopes)

    def gradients(self, number: int) -> dict[str, Tensor]:
        """Sums over runs and ranks, zeros where nothing was scored.

        @raises WorkerError non_finite_loss
        """
        item = self.items[number]
        if item.lora is None or not item.lora.leaves:
            raise ValueError("Only an item that trains has gradients.")
        names = list(item.lora.leaves)
        own = [
            (item.gradients[name] if name in item.gradients else torch.zeros_like(item.lora.leaves[name])).detach()
            for name in names
        ]
        sums = dict(zip(names, self.group.sum(own), strict=True))
        for name, total in sums.items():
            if not torch.isfinite(total).all():
                what = f"The gradient of {name}"
                raise WorkerError("non_finite_loss", f"{what} is NaN or infinite.", what=what)
        return sums

    def _packed(self, parts: Sequence[RunPart]) -> tuple[PackedRun | JoinedRun, bool]:
        """The run as this rank has a share of it, and whether it trains."""
        own = [self._own(part) for part in parts]
        item = self.items[parts[0].item]
        train = item.item.train
        if not any(part.rows for part in own):
            return JoinedRun(item.base, own), train
        tokens = sum(datum.tokens.numel() for part in own for datum in part.datums)
        return PackedRun(item.base, own, train and self.memory.must_recompute(item.base, tokens)), train

    def _own(self, part: RunPart) -> PartRows:
        item = self.items[part.item]
        indices = [
            index
            for index, datum in enumerate(part.datums)
            if (datum + item.offset) % self.group.world == self.group.rank
        ]
        return PartRows(item, part, tuple(indices), tuple(item.datum(part.datums[index]) for index in indices))
