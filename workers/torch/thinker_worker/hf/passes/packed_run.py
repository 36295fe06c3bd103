"""One run of a pass: datums of several items in one packed forward, and their backward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from thinker_worker.engine import RunLogprobs, RunPart, RunSlopes
from thinker_worker.hf.base_model import HEAD, BaseModel
from thinker_worker.hf.logprobs import HeadRows, fused_logprobs, target_logprobs
from thinker_worker.hf.passes.pass_items import Datum, OpenItem
from thinker_worker.hf.rows import AdapterRows, Rows, SequenceRows
from thinker_worker.numerics.dropout import DroppedRows
from thinker_worker.numerics.slopes import loss_slopes


@dataclass(frozen=True)
class PartRows:
    """The datums of one part that this rank has."""

    item: OpenItem
    part: RunPart
    # Indices into `part.datums`.
    indices: tuple[int, ...]
    datums: tuple[Datum, ...]

    @property
    def rows(self) -> int:
        return sum(datum.scored.numel() for datum in self.datums)

    def of_datums(self, numbers: Tensor) -> Tensor:
        """This rank's share of numbers that are laid out as the log-probs of the whole part."""
        pieces = numbers.split([self.item.numbers_of(datum) for datum in self.part.datums])
        own = [pieces[index] for index in self.indices]
        return torch.cat(own) if own else numbers[:0]

    def own_slopes(self, slopes: RunSlopes) -> RunSlopes:
        return replace(
            slopes,
            weights=self.of_datums(slopes.weights),
            sampler_logprobs=self.of_datums(slopes.sampler_logprobs),
            advantages=self.of_datums(slopes.advantages),
        )

    def adapter_rows(self) -> AdapterRows:
        return self._adapter_rows([datum.tokens.numel() for datum in self.datums])

    def head_rows(self) -> AdapterRows:
        """Of the scored rows alone."""
        return self._adapter_rows([datum.scored.numel() for datum in self.datums])

    def _adapter_rows(self, counts: list[int]) -> AdapterRows:
        numbers = [self.part.datums[index] for index in self.indices]
        dropped = tuple(map(DroppedRows, numbers, counts)) if self.item.drops_out else ()
        return AdapterRows(sum(counts), self.item.lora, dropped)


@dataclass(frozen=True)
class Leaf:
    """A weight whose gradient goes to an item."""

    item: OpenItem
    name: str
    tensor: Tensor

    @property
    def of_head(self) -> bool:
        return self.name.startswith(f"{HEAD}.")


class PackedSlopes:
    """dLoss/dlogprob of any stretch of a run's log-probs."""

    def __init__(self, parts: Sequence[RunSlopes], device: torch.device) -> None:
        self._parts = parts
        self._device = device

    def __call__(self, logprobs: Tensor, first: int) -> Tensor:
        """@param logprobs flat, of which the first has this number in the run"""
        found = []
        start = 0
        for part in self._parts:
            end = start + part.weights.numel()
            low, high = max(first, start), min(first + logprobs.numel(), end)
            if low < high:
                found.append(loss_slopes(logprobs[low - first : high - first], self._cut(part, low - start, high - start)))
            start = end
        return torch.cat(found)

    def _cut(self, part: RunSlopes, low: int, high: int) -> RunSlopes:
        return replace(
            part,
            weights=part.weights[low:high].to(self._device),
            sampler_logprobs=part.sampler_logprobs[low:high].to(self._device),
            advantages=part.advantages[low:high].to(self._device),
        )


class PackedRun:
    """@param parts of one base model"""

    def __init__(self, base: BaseModel, parts: Sequence[PartRows], recompute: bool) -> None:
        self._base = base
        self._parts = parts
        self._recompute = recompute
        self._logprobs: Tensor | None = None

    def forward(self, train: bool) -> RunLogprobs:
        """@param train keeps what `backward` needs"""
        with torch.set_grad_enabled(train):
            logprobs = target_logprobs(self._base, self._scored_rows(self._hidden()), self._head_rows())
        self._logprobs = logprobs if train else None
        return self._answer(logprobs.detach())

    def backward(self, d_logprobs: Sequence[Tensor]) -> None:
        """@param d_logprobs one array for each part of the run, whole"""
        if self._logprobs is None:
            raise ValueError("Only a forward that trains, and has had no backward yet, has one.")
        own = [part.of_datums(slopes) for part, slopes in zip(self._parts, d_logprobs, strict=True)]
        leaves = self._leaves()
        slopes = torch.cat(own).to(self._base.device)
        _add(leaves, self._base.gradients(self._logprobs, slopes, [leaf.tensor for leaf in leaves]))
        self._logprobs = None

    def fused(self, slopes: Sequence[RunSlopes]) -> RunLogprobs:
        """Forward and backward, with slopes by their formula."""
        own = [part.own_slopes(given) for part, given in zip(self._parts, slopes, strict=True)]
        leaves = self._leaves()
        of_head = [leaf for leaf in leaves if leaf.of_head]
        with torch.enable_grad():
            rows = self._scored_rows(self._hidden())
        logprobs, d_rows, gradients = fused_logprobs(
            self._base, rows, self._head_rows(), PackedSlopes(own, self._base.device), [leaf.tensor for leaf in of_head]
        )
        of_layers = [leaf for leaf in leaves if not leaf.of_head]
        if rows.requires_grad:
            found = self._base.gradients(rows, d_rows, [leaf.tensor for leaf in of_layers])
            _add(of_layers, found)
        _add(of_head, gradients)
        return self._answer(logprobs)

    def _hidden(self) -> Tensor:
        """Of all tokens [T, hidden]."""
        datums = [datum for part in self._parts for datum in part.datums]
        tokens = torch.cat([datum.tokens for datum in datums])
        positions = torch.cat([torch.arange(datum.tokens.numel()) for datum in datums])
        device = self._base.device
        return self._base.hidden(tokens.to(device), positions.to(device), self._rows(datums))

    def _rows(self, datums: Sequence[Datum]) -> Rows:
        sequences = []
        start = 0
        for datum in datums:
            sequences.append(SequenceRows(start, start + datum.tokens.numel()))
            start = sequences[-1].end
        return Rows(tuple(sequences), tuple(part.adapter_rows() for part in self._parts), self._recompute)

    def _scored_rows(self, hidden: Tensor) -> Tensor:
        rows = []
        start = 0
        for part in self._parts:
            for datum in part.datums:
                rows.append(datum.scored + start)
                start += datum.tokens.numel()
        return hidden.index_select(0, torch.cat(rows).to(hidden.device))

    def _head_rows(self) -> list[HeadRows]:
        device = self._base.device
        return [
            HeadRows(part.head_rows(), torch.cat([datum.targets for datum in part.datums]).to(device))
            for part in self._parts
            if part.rows > 0
        ]

    def _leaves(self) -> list[Leaf]:
        return [
            Leaf(part.item, name, tensor)
            for part in self._parts
            if part.item.lora is not None
            for name, tensor in part.item.lora.leaves.items()
        ]

    def _answer(self, logprobs: Tensor) -> RunLogprobs:
        numbers = logprobs.cpu()
        start = 0
        answer: RunLogprobs = []
        for part in self._parts:
            found: list[Tensor | None] = [None] * len(part.part.datums)
            for index, datum in zip(part.indices, part.datums, strict=True):
                found[index] = numbers[start : start + datum.targets.numel()]
                start += datum.targets.numel()
            answer.append(found)
        return answer


class JoinedRun:
    """The share of a rank that has none: it takes part in what all ranks do together, and answers for nobody."""

    def __init__(self, base: BaseModel, parts: Sequence[PartRows]) -> None:
        self._base = base
        self._parts = parts
        self._hidden: Tensor | None = None

    def forward(self, train: bool) -> RunLogprobs:
        if self._base.sharding is not None:
            with torch.set_grad_enabled(train):
                self._hidden = self._base.join()
        return self._answer()

    def backward(self, _d_logprobs: Sequence[Tensor]) -> None:
        if self._hidden is not None:
            self._base.gradients(self._hidden, torch.zeros_like(self._hidden), [])
        self._hidden = None

    def fused(self, _slopes: Sequence[RunSlopes]) -> RunLogprobs:
        self.forward(train=True)
        self.backward([])
        return self._answer()

    def _answer(self) -> RunLogprobs:
        """Datums of this rank, if any, have no scored positions."""
        nothing = torch.empty(0)
        return [
            [nothing if index in part.indices else None for index in range(len(part.part.datums))] for part in self._parts
        ]


def _add(leaves: Sequence[Leaf], gradients: Sequence[Tensor | None]) -> None:
    for leaf, gradient in zip(leaves, gradients, strict=True):
        if gradient is not None:
            leaf.item.add([(leaf.name, gradient)])
