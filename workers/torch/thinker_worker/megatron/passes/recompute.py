"""Layers that keep their inputs alone and compute the rest again in the backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from thinker_worker.megatron.passes.batch import Running


def recomputing(forward: Callable[..., Any], running: Running) -> Callable[..., Any]:
    """A layer's forward that recomputes where its rows say so. The backward may come when the model computes other rows:
    those of the forward go along. All tensor-parallel ranks must do the same, since layers hold collectives."""

    def run(*args: Any, **options: Any) -> Any:
        rows = running.rows
        if not rows.recompute or not torch.is_grad_enabled():
            return forward(*args, **options)

        def with_rows(*own: Any, **named: Any) -> Any:
            with running.using(rows):
                return forward(*own, **named)

        return checkpoint(with_rows, *args, use_reentrant=False, preserve_rng_state=False, **options)

    return run
