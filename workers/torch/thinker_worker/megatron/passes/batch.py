"""What one run of a model computes: pieces of several sequences, packed on one axis of T rows (tokens) without padding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from thinker_worker.engine import LoraSpec
from thinker_worker.numerics.dropout import DroppedRows

# Keys and values [positions, groups, head_dim] of one layer.
KeysAndValues = tuple[Tensor, Tensor]


@dataclass
class Cache:
    """Keys and values that a sequence has on this rank, by layer. Its tensors are never changed, so forks share them."""

    length: int = 0
    layers: dict[int, KeysAndValues] = field(default_factory=dict)

    def first(self, length: int) -> Cache:
        """A cache of the first `length` tokens."""
        layers = {layer: (keys[:length], values[:length]) for layer, (keys, values) in self.layers.items()}
        return Cache(length, layers)


@dataclass(frozen=True)
class Segment:
    """Consecutive tokens of one sequence. They also see the tokens in `past`; `grown` receives all of them together."""

    rows: slice
    past: Cache | None = None
    grown: Cache | None = None

    @property
    def length(self) -> int:
        return self.rows.stop - self.rows.start

    @property
    def first_position(self) -> int:
        return 0 if self.past is None else self.past.length


@dataclass(frozen=True)
class LoraShare:
    """A rank's share of one projection's LoRA: `a` [rank, in], `b` [out, rank], float32."""

    a: Tensor
    b: Tensor
    scale: float


@dataclass(frozen=True)
class Dropout:
    """Zeroes inputs of `a`, as the adapter's spec and the number of its pass say; `rows` are those of each datum in turn."""

    lora: LoraSpec
    passes: int
    rows: tuple[DroppedRows, ...]


@dataclass(frozen=True)
class Span:
    """The next `length` rows use one adapter: the LoRA of its modules, by full name."""

    length: int
    modules: Mapping[str, LoraShare]
    dropout: Dropout | None = None


@dataclass(frozen=True)
class Batch:
    """`spans` divide the T tokens; `wanted_spans` the R of them in `wanted`, whose logits are asked for."""

    tokens: Tensor  # [T] int64
    segments: tuple[Segment, ...]
    spans: tuple[Span, ...]
    wanted: Tensor  # [R] int64
    wanted_spans: tuple[Span, ...]
    recompute: bool = False

    @property
    def positions(self) -> Tensor:
        """[T], each row's index in its sequence."""
        ranges = [torch.arange(s.first_position, s.first_position + s.length) for s in self.segments]
        return torch.cat(ranges).to(self.tokens.device)


@dataclass(frozen=True)
class Rows:
    """What the modules of a model need to know of the rows that they compute."""

    segments: tuple[Segment, ...] = ()
    spans: tuple[Span, ...] = ()
    # Layers compute again in the backward what they computed in the forward, and keep their inputs alone.
    recompute: bool = False


@dataclass
class Running:
    """The rows that a model computes at the moment; its modules share this object, as their signatures have no parameter for it."""

    rows: Rows = Rows()

    @contextmanager
    def using(self, rows: Rows) -> Iterator[None]:
        before = self.rows
        self.rows = rows
        try:
            yield
        finally:
            self.rows = before


def consecutive(lengths: Sequence[int]) -> list[slice]:
    """Slices of these lengths, one after another."""
    ends = [0]
    for length in lengths:
        ends.append(ends[-1] + length)
    return [slice(start, stop) for start, stop in zip(ends[:-1], ends[1:], strict=True)]
