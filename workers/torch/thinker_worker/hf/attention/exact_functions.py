"""Activations whose result for a number depends on that number alone, on the CPU in float32.

torch's own silu, sigmoid and tanh-gelu treat whole vectors and the rest of an array by different code, so the last bit of
a result depends on where it lies, and so on what else is in the pass. exp and tanh do not; from them the same functions
are put together here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import GELUTanh

GELU_FACTOR = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715


class _Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x / x.neg().exp_().add_(1)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        gate = x.neg().exp_().add_(1).reciprocal_()
        bend = (1 - gate).mul_(x).add_(1)
        return gate.mul_(slope).mul_(bend)


class _GeluTanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return 0.5 * x * (1 + torch.tanh(GELU_FACTOR * (x + GELU_CUBIC * x * x * x)))

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        bend = torch.tanh(GELU_FACTOR * (x + GELU_CUBIC * x * x * x))
        inner = GELU_FACTOR * (1 + 3 * GELU_CUBIC * x * x)
        return slope * (0.5 * (1 + bend) + 0.5 * x * (1 - bend * bend) * inner)


class ExactSilu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return _Silu.apply(x)


class ExactGeluTanh(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return _GeluTanh.apply(x)


def use_exact_activations(model: nn.Module) -> None:
    """Replaces silu and tanh-gelu with them. Other activations stay; the check at start reports them."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.SiLU) or type(child).__name__ == "SiLUActivation":
                setattr(parent, name, ExactSilu())
            elif isinstance(child, GELUTanh):
                setattr(parent, name, ExactGeluTanh())
