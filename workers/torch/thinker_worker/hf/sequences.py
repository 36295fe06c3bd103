"""Open sequences of one rank, and their advance: all of them, with all their adapters, in one packed forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from thinker_worker.engine import NextTokens, SequenceStep
from thinker_worker.hf.base_model import BaseModel
from thinker_worker.hf.kv_cache import CachedSequence
from thinker_worker.hf.logprobs import log_sums
from thinker_worker.hf.lora.pinned_lora import PinnedLora
from thinker_worker.hf.rows import AdapterRows, Rows, SequenceRows
from thinker_worker.numerics.draws import next_tokens


@dataclass(frozen=True)
class OpenSequence:
    base: BaseModel
    lora: PinnedLora | None
    # None: another rank has them.
    tokens: CachedSequence | None

    def fork(self, length: int | None) -> OpenSequence:
        return OpenSequence(self.base, self.lora, None if self.tokens is None else self.tokens.fork(length))


@dataclass(frozen=True)
class _Advance:
    """A step, with the index of its result."""

    index: int
    lora: PinnedLora | None
    tokens: CachedSequence
    step: SequenceStep


@torch.no_grad()
def advance_sequences(steps: Sequence[tuple[OpenSequence, SequenceStep]]) -> list[NextTokens | None]:
    """Appends each step's tokens, and tells what comes after the rows asked for; None where another rank does."""
    found: list[NextTokens | None] = [None] * len(steps)
    by_base: dict[BaseModel, list[_Advance]] = {}
    for index, (sequence, step) in enumerate(steps):
        own = by_base.setdefault(sequence.base, [])
        if sequence.tokens is not None:
            own.append(_Advance(index, sequence.lora, sequence.tokens, step))
    for base, own in by_base.items():
        if not own and base.sharding is not None:
            base.join()
        for advance, tokens in _advance(base, own) if own else ():
            found[advance.index] = tokens
    # Only now, when nothing can fail any more.
    for advance in (advance for own in by_base.values() for advance in own):
        advance.tokens.commit(advance.step.tokens.numel())
    return found


def _advance(base: BaseModel, steps: list[_Advance]) -> list[tuple[_Advance, NextTokens]]:
    # Those of one adapter stand together, and are multiplied by it at once.
    ordered = sorted(steps, key=lambda step: (id(step.lora), step.index))
    rows = _rows(ordered, [step.step.tokens.numel() for step in ordered])
    tokens = torch.cat([step.step.tokens for step in ordered]).to(base.device, torch.int64)
    hidden = base.hidden(tokens, _positions(ordered).to(base.device), rows)
    asked = [step.step.rows.to(torch.int64) + sequence.start for step, sequence in zip(ordered, rows.sequences, strict=True)]
    counts = [chosen.numel() for chosen in asked]
    if sum(counts) == 0:
        empty = torch.empty((0, base.vocabulary))
        return [(step, NextTokens(empty, empty[:, 0])) for step in ordered]
    head_rows = Rows((), _adapters(ordered, counts))
    logits = base.logits(hidden[torch.cat(asked).to(base.device)], head_rows)
    found = next_tokens([step.step for step in ordered], logits, log_sums(logits))
    return list(zip(ordered, found, strict=True))


def _rows(steps: list[_Advance], counts: list[int]) -> Rows:
    sequences = []
    start = 0
    for step, count in zip(steps, counts, strict=True):
        sequences.append(SequenceRows(start, start + count, step.tokens.reserve(count)))
        start += count
    return Rows(tuple(sequences), _adapters(steps, counts))


def _adapters(steps: list[_Advance], counts: list[int]) -> tuple[AdapterRows, ...]:
    """Neighbours of one adapter count as one."""
    merged: list[tuple[PinnedLora | None, int]] = []
    for step, count in zip(steps, counts, strict=True):
        lora = step.lora
        if merged and merged[-1][0] is lora:
            merged[-1] = (lora, merged[-1][1] + count)
        else:
            merged.append((lora, count))
    return tuple(AdapterRows(count, lora) for lora, count in merged)


def _positions(steps: list[_Advance]) -> Tensor:
    return torch.cat([torch.arange(step.step.tokens.numel()) + step.tokens.length for step in steps])
