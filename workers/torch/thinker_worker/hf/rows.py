"""Which rows of a packed token axis belong to which sequence and which adapter.

Sequences of all requests stand one behind the other in one row [1, T], without padding. What a layer needs to know of that
is here, and is handed from pass to layer through `Routing`, since the layers' own signatures have no parameter for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from thinker_worker.hf.kv_cache import CachedRows
from thinker_worker.hf.lora.pinned_lora import PinnedLora
from thinker_worker.numerics.dropout import DroppedRows


@dataclass(frozen=True)
class SequenceRows:
    """Rows start .. end - 1 follow one another in one sequence."""

    start: int
    end: int
    # Keys and values of the tokens before them; None: there are none, and nothing is kept.
    cache: CachedRows | None = None


@dataclass(frozen=True)
class AdapterRows:
    """The next `count` rows belong to one request."""

    count: int
    # None: the base model alone.
    lora: PinnedLora | None
    # Where dropout is wanted: all of the rows, datum by datum.
    dropped: tuple[DroppedRows, ...] = ()


@dataclass(frozen=True)
class Rows:
    sequences: tuple[SequenceRows, ...]
    adapters: tuple[AdapterRows, ...]
    # Layers compute again in the backward what they computed in the forward, instead of keeping it.
    recompute: bool = False


@dataclass
class Routing:
    """The rows that the model is run with at the moment; one for each model."""

    current: Rows | None = None

    @contextmanager
    def using(self, rows: Rows | None) -> Iterator[None]:
        before = self.current
        self.current = rows
        try:
            yield
        finally:
            self.current = before
