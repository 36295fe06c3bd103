"""AdamW on the shares of an adapter, as one process would make the step.

Norms are over the numbers of all ranks of the replica, each counted once. A failure on one rank is a failure on all.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import torch

from thinker_worker.engine import AdamParams
from thinker_worker.errors import WorkerError
from thinker_worker.megatron.lora.adapter_state import AdapterShards, ShardedState, Shares
from thinker_worker.megatron.parallel import Parallel
from thinker_worker.numerics.adamw import AdamwUpdate, adamw_update, clip_factor, global_norm


class Norms(NamedTuple):
    gradient: float
    update: float
    weight: float


def sharded_step(
    state: ShardedState, params: AdamParams, shards: AdapterShards, parallel: Parallel
) -> tuple[ShardedState, Norms]:
    """The state after one step, without gradients, and the norms, which are the same on all ranks of the replica.

    Raises WorkerError `no_gradients`, `non_finite_gradient` or `non_finite_update`.
    """
    gradients = state.gradients
    if gradients is None:
        raise WorkerError("no_gradients", "There are no gradients to apply.")
    parallel.raise_alike(_fault_of(gradients))
    gradient_norm = _norm(gradients, shards, parallel)
    made = _update(state, gradients, params, clip_factor(gradient_norm, params))
    parallel.raise_alike(made if isinstance(made, WorkerError) else None)
    assert isinstance(made, AdamwUpdate)
    change = {name: made.weights[name] - weight for name, weight in state.weights.items()}
    norms = Norms(gradient_norm, _norm(change, shards, parallel), _norm(made.weights, shards, parallel))
    stepped = replace(state.without_gradients(), weights=made.weights, m=made.m, v=made.v, step=state.step + 1)
    return stepped, norms


def _fault_of(gradients: Shares) -> WorkerError | None:
    try:
        global_norm(gradients)
    except WorkerError as error:
        return error
    return None


def _update(state: ShardedState, gradients: Shares, params: AdamParams, clip: float) -> AdamwUpdate | WorkerError:
    if not state.weights:  # a stage without any module of the adapter
        return AdamwUpdate({}, {}, {})
    try:
        return adamw_update(state.weights, state.m or {}, state.v or {}, gradients, state.step + 1, params, clip)
    except WorkerError as error:
        return error


def _norm(shares: Shares, shards: AdapterShards, parallel: Parallel) -> float:
    """In float64. All ranks add up the same numbers in the same order."""
    counted = [shares[entry.name] for entry in shards.own if entry.counted]
    own = math.fsum(torch.linalg.vector_norm(share, dtype=torch.float64).square().item() for share in counted)
    return math.sqrt(math.fsum(parallel.collect(own)))
