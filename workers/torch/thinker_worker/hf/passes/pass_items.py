"""Items of an open pass, as one rank sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from thinker_worker.engine import PassItem, Ragged
from thinker_worker.hf.base_model import BaseModel
from thinker_worker.hf.lora.pinned_lora import PinnedLora


@dataclass(frozen=True)
class Datum:
    tokens: Tensor  # [n], int64
    # Positions in `tokens` where log-probs are wanted.
    scored: Tensor
    # [scored, K], int64
    targets: Tensor


@dataclass
class OpenItem:
    item: PassItem
    base: BaseModel
    lora: PinnedLora | None
    # Added to the number of a datum to find its rank.
    offset: int
    # By parameter name; of the runs so far.
    gradients: dict[str, Tensor] = field(default_factory=dict)

    @property
    def drops_out(self) -> bool:
        return self.item.train and self.lora is not None and self.lora.lora.dropout > 0

    @property
    def targets_per_position(self) -> int:
        return _width(self.item.targets)

    def datum(self, number: int) -> Datum:
        start, end = (int(edge) for edge in self.item.tokens.offsets[number : number + 2])
        width = self.targets_per_position
        scored = self.item.scored[start:end].nonzero().view(-1)
        targets = self.item.targets.data[start * width : end * width].view(-1, width)
        return Datum(self.item.tokens.data[start:end].to(torch.int64), scored, targets[scored].to(torch.int64))

    def tokens_of(self, number: int) -> int:
        start, end = (int(edge) for edge in self.item.tokens.offsets[number : number + 2])
        return end - start

    def numbers_of(self, number: int) -> int:
        """Log-probs of a datum: scored positions times targets at each."""
        start, end = (int(edge) for edge in self.item.tokens.offsets[number : number + 2])
        return int(self.item.scored[start:end].count_nonzero()) * self.targets_per_position

    def add(self, gradients: Sequence[tuple[str, Tensor]]) -> None:
        for name, gradient in gradients:
            before = self.gradients.get(name)
            self.gradients[name] = gradient if before is None else before + gradient


def _width(rows: Ragged) -> int:
    width = 1
    for size in rows.trailing_shape:
        width *= size
    return width
