"""LoRA on Megatron's linears, for several adapters in one run. The numbers are PEFT's.

A projection keeps its own A and B, as PEFT names them, though Megatron computes q, k and v, and gate and up, in one linear:

- column-parallel (q, k, v, gate, up, lm_head): every rank holds all of A and its rows of B. The r-wide product is the same
  on all ranks; its gradient is summed over them, so each gets the whole gradient of A.
- row-parallel (o, down): every rank holds its columns of A and all of B. The r-wide product is summed over the ranks, so
  each gets the whole gradient of B.

As PEFT does with adapters in float32, the product is computed in float32 and the sum rounded to the base's type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from megatron.core.tensor_parallel.mappings import (
    copy_to_tensor_model_parallel_region,
    reduce_from_tensor_model_parallel_region,
)
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from thinker_worker.megatron.passes.batch import LoraShare, Running, Span
from thinker_worker.numerics.dropout import dropout_mask


@dataclass(frozen=True)
class Branch:
    """One projection by its full name; `size` is its outputs on this rank, `inputs` the part of its inputs on this rank."""

    module: str
    size: int
    row_parallel: bool
    inputs: slice
    input_size: int  # on all ranks


class LoraLinear(nn.Module):
    """A frozen Megatron linear plus the LoRA of each of its projections. `join` brings their outputs into its order."""

    def __init__(
        self,
        base: nn.Module,
        branches: Sequence[Branch],
        running: Running,
        join: Callable[[list[Tensor]], Tensor],
    ) -> None:
        super().__init__()
        self.base = base
        self._branches = tuple(branches)
        self._running = running
        self._join = join

    def forward(self, x: Tensor, *args: Any, **options: Any) -> tuple[Tensor, Tensor | None]:
        """x [T, 1, in] -> ([T, 1, out], the base's bias)."""
        output, bias = self.base(x, *args, **options)
        spans = self._running.rows.spans
        if not any(branch.module in span.modules for branch in self._branches for span in spans):
            return output, bias
        # A split has one gradient; slices would each have one of the size of the whole.
        parts = x.split([span.length for span in spans])
        deltas = [
            torch.cat([_delta(branch, span, part) for span, part in zip(spans, parts, strict=True)])
            for branch in self._branches
        ]
        return (output + self._join(deltas)).to(output.dtype), bias


def _delta(branch: Branch, span: Span, x: Tensor) -> Tensor:
    """What a span's adapter adds to a projection, float32; zeros where it does not change it."""
    lora = span.modules.get(branch.module)
    if lora is None:
        return x.new_zeros(*x.shape[:-1], branch.size, dtype=torch.float32)
    x = x.to(lora.a.dtype)
    if span.dropout is not None:
        own = span.dropout
        # Drawn for the whole width, so that the number of ranks does not change it.
        mask = dropout_mask(branch.module, own.lora, own.passes, own.rows, branch.input_size, x.device)
        x = x * mask[:, branch.inputs].unsqueeze(1)
    return pad(_product(branch, lora, x), (0, branch.size - lora.b.shape[0])) * lora.scale


def _product(branch: Branch, lora: LoraShare, x: Tensor) -> Tensor:
    inner = linear(x, lora.a)
    if branch.row_parallel:
        inner = reduce_from_tensor_model_parallel_region(inner)
    else:
        inner = copy_to_tensor_model_parallel_region(inner)
    return linear(inner, lora.b)
