"""AdamW as torch.optim.AdamW computes it, after clipping as torch.nn.utils.clip_grad_norm_ does, as a pure function.

src/compute/numerics/adamw.ts is the same step of the other engines, with the same refusals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from thinker_worker.engine import AdamParams
from thinker_worker.errors import WorkerError

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class AdamwUpdate:
    """New tensors throughout, by the names of the old ones."""

    weights: dict[str, Tensor]
    m: dict[str, Tensor]
    v: dict[str, Tensor]


@dataclass(frozen=True)
class AdamwResult(AdamwUpdate):
    # Global L2 norm of the gradients before clipping.
    grad_norm: float
    # L2 norm of the change of the weights.
    update_norm: float
    # L2 norm of the weights after the step.
    weight_norm: float


def adamw_step(weights: Tensors, m: Tensors, v: Tensors, gradients: Tensors, step: int, params: AdamParams) -> AdamwResult:
    """The step number `step`, counted from 1. Moments that are missing count as zeros.

    @raises WorkerError non_finite_gradient, non_finite_update
    """
    names = sorted(weights)
    grad_norm = global_norm({name: gradients[name] for name in names})
    made = adamw_update(weights, m, v, gradients, step, params, clip_factor(grad_norm, params))
    return AdamwResult(
        weights=made.weights,
        m=made.m,
        v=made.v,
        grad_norm=grad_norm,
        update_norm=_norm([made.weights[name] - weights[name] for name in names]),
        weight_norm=_norm([made.weights[name] for name in names]),
    )


def clip_factor(grad_norm: float, params: AdamParams) -> float:
    """1e-6 and the cap of 1 are those of torch.nn.utils.clip_grad_norm_."""
    limit = params.grad_clip_norm
    return min(1.0, limit / (grad_norm + 1e-6)) if limit > 0 else 1.0


def adamw_update(
    weights: Tensors, m: Tensors, v: Tensors, gradients: Tensors, step: int, params: AdamParams, clip: float
) -> AdamwUpdate:
    """The step on these tensors alone, which may be a rank's share of an adapter. Gradients are multiplied by `clip`.

    @raises WorkerError non_finite_update
    """
    names = sorted(weights)
    if not _fit_float32(params.learning_rate / (1 - params.beta1**step), params.learning_rate * params.weight_decay):
        # torch multiplies float32 tensors by these numbers, and fails where they are none.
        raise _non_finite_update(names[0], "adam_params")
    clipped = [gradients[name] * clip for name in names]
    new_weights = [weights[name].detach().clone() for name in names]
    new_m, new_v = ([_moment(moments, name, weights[name]) for name in names] for moments in (m, v))
    adamw(
        new_weights,
        clipped,
        new_m,
        new_v,
        max_exp_avg_sqs=[],
        state_steps=[torch.tensor(float(step - 1)) for _ in names],
        foreach=True,
        capturable=False,
        differentiable=False,
        amsgrad=False,
        maximize=False,
        lr=params.learning_rate,
        beta1=params.beta1,
        beta2=params.beta2,
        eps=params.eps,
        weight_decay=params.weight_decay,
    )
    for index, name in enumerate(names):
        if not (_is_finite(new_weights[index]) and _is_finite(new_m[index]) and _is_finite(new_v[index])):
            before = [weights[name], *(moments[name] for moments in (m, v) if name in moments)]
            raise _non_finite_update(name, _fault(before, _moment(v, name, weights[name]), clipped[index], params.beta2))
    # In the given order, which is that of the tensors in files.
    indices = {name: index for index, name in enumerate(names)}
    new = ({name: tensors[indices[name]] for name in weights} for tensors in (new_weights, new_m, new_v))
    return AdamwUpdate(*new)


def global_norm(tensors: Tensors) -> float:
    """L2 norm over all numbers, in float64, where squares of float32 numbers can't overflow.

    @raises WorkerError non_finite_gradient, which names the tensor
    """
    for name, tensor in tensors.items():
        if not _is_finite(tensor):
            raise WorkerError("non_finite_gradient", f"The gradient of {name} holds NaN or infinity.", tensor=name)
    return _norm(list(tensors.values()))


def _norm(tensors: list[Tensor]) -> float:
    """Summed in the order of the tensors, so equal tensors give equal norms on every rank."""
    squares = [torch.linalg.vector_norm(tensor, dtype=torch.float64).square() for tensor in tensors]
    return float(torch.stack(squares).sum().sqrt()) if squares else 0.0


def _moment(moments: Tensors, name: str, weight: Tensor) -> Tensor:
    known = moments.get(name)
    return torch.zeros_like(weight) if known is None else known.detach().clone()


def _is_finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _fit_float32(*numbers: float) -> bool:
    return all(abs(number) <= torch.finfo(torch.float32).max for number in numbers)


def _fault(before: list[Tensor], v: Tensor, clipped: Tensor, beta2: float) -> str:
    """What a step that is not finite comes from, as NonFiniteUpdateError names it."""
    if not all(map(_is_finite, before)):
        return "state"
    square = beta2 * v.double() + (1 - beta2) * clipped.double().square()
    return "gradients" if not _is_finite(square.float()) else "adam_params"


def _non_finite_update(name: str, fault: str) -> WorkerError:
    return WorkerError("non_finite_update", f"The step would make {name} NaN or infinite.", tensor=name, fault=fault)
