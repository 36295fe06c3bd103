"""Log-probs of targets from the hidden rows of a pass, without keeping rows x vocabulary where that is much.

Rows go through the output projection in chunks. A chunk holds whole parts or a piece of one, cut by the part's own rows:
what is summed together does not depend on other parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from thinker_worker.hf.base_model import BaseModel
from thinker_worker.hf.rows import AdapterRows, Rows

# Logits of a chunk, in numbers.
CHUNK_LOGITS = 1 << 25
# Rows of logits that are worked on at once on a CPU, few enough for its caches.
CACHED_ROWS = 16


@dataclass(frozen=True)
class HeadRows:
    """Scored rows of one part. `adapter.count` of them."""

    adapter: AdapterRows
    targets: Tensor  # [rows, K], int64


@dataclass(frozen=True)
class _Chunk:
    """Rows first .. last - 1 of all scored ones, with as many targets each."""

    first: int
    last: int
    rows: Rows
    targets: Tensor


def target_logprobs(base: BaseModel, hidden: Tensor, parts: Sequence[HeadRows]) -> Tensor:
    """hidden [R, width] of all parts -> log-probs, flat, in the autograd graph. Large ones compute logits again."""
    chunks = _chunks(base, parts)
    compute_again = torch.is_grad_enabled() and sum(chunk.targets.shape[0] for chunk in chunks) > _most_rows(base)
    found = []
    for chunk in chunks:
        own = hidden[chunk.first : chunk.last]
        if compute_again:
            found.append(checkpoint(_logprobs, base, own, chunk, use_reentrant=False, preserve_rng_state=False))
        else:
            found.append(_logprobs(base, own, chunk))
    return torch.cat([logprobs.reshape(-1) for logprobs in found])


def fused_logprobs(
    base: BaseModel,
    hidden: Tensor,
    parts: Sequence[HeadRows],
    slopes: Callable[[Tensor, int], Tensor],
    leaves: Sequence[Tensor],
) -> tuple[Tensor, Tensor, list[Tensor | None]]:
    """Forward and backward of the output projection, chunk by chunk, so that no logits are kept or computed twice.

    @param slopes dLoss/dlogprob of log-probs, both flat, of which the first is the number given
    @param leaves weights whose gradients are wanted
    @returns log-probs, flat; dLoss/dhidden [R, width]; gradients of the leaves, None where the projection has none
    """
    logprobs, d_hidden = [], []
    sums: list[Tensor | None] = [None] * len(leaves)
    number = 0
    for chunk in _chunks(base, parts):
        own = hidden[chunk.first : chunk.last].detach().requires_grad_()
        with torch.enable_grad():
            found = _logprobs(base, own, chunk).reshape(-1)
        slope = slopes(found.detach(), number)
        d_own, *gradients = torch.autograd.grad(found, [own, *leaves], slope, allow_unused=True)
        logprobs.append(found.detach())
        d_hidden.append(d_own)
        sums = [_plus(total, more) for total, more in zip(sums, gradients, strict=True)]
        number += found.numel()
    return torch.cat(logprobs), torch.cat(d_hidden), sums


def log_sums(logits: Tensor) -> Tensor:
    """logsumexp of each row of [n, vocabulary] -> [n], the same bits whatever the other rows are."""
    return torch.cat([_log_sums(rows) for rows in _cached(logits)])


def _log_sums(rows: Tensor) -> Tensor:
    # Threads share the sum of a lone row, and cut it by their number.
    two = rows.expand(2, -1) if rows.shape[0] == 1 else rows
    return torch.logsumexp(two, dim=1)[: rows.shape[0]]


def _cached(logits: Tensor) -> Sequence[Tensor]:
    return logits.split(CACHED_ROWS) if logits.device.type == "cpu" else [logits]


class _TargetLogprobs(torch.autograd.Function):
    """logits [n, vocabulary], targets [n, K] -> log-probs [n, K]

    dLoss/dlogit_j = sum_k slope_k (1[j = target_k] - softmax_j): one pass over the logits, in one new tensor of their size.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        sums = log_sums(logits)[:, None]
        ctx.save_for_backward(logits, targets, sums)
        return logits.gather(1, targets) - sums

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        logits, targets, sums = ctx.saved_tensors
        d_logits = torch.empty_like(logits)
        totals = slope.sum(1, keepdim=True).neg_()
        edges = (_cached(tensor) for tensor in (d_logits, logits, sums, totals))
        for own, rows, own_sums, own_totals in zip(*edges, strict=True):
            torch.sub(rows, own_sums, out=own).exp_().mul_(own_totals)
        return d_logits.scatter_add_(1, targets, slope), None


def _most_rows(base: BaseModel) -> int:
    return max(1, CHUNK_LOGITS // base.vocabulary)


def _plus(total: Tensor | None, more: Tensor | None) -> Tensor | None:
    if total is None or more is None:
        return more if total is None else total
    return total + more


def _logprobs(base: BaseModel, hidden: Tensor, chunk: _Chunk) -> Tensor:
    logits = base.logits(hidden, chunk.rows)
    return _TargetLogprobs.apply(logits, chunk.targets)


def _chunks(base: BaseModel, parts: Sequence[HeadRows]) -> list[_Chunk]:
    most = _most_rows(base)
    chunks: list[_Chunk] = []
    group: list[HeadRows] = []
    first = 0

    def close() -> None:
        nonlocal first, group
        if not group:
            return
        last = first + sum(part.adapter.count for part in group)
        rows = Rows((), tuple(part.adapter for part in group))
        chunks.append(_Chunk(first, last, rows, torch.cat([part.targets for part in group])))
        first, group = last, []

    for part in parts:
        alike = not group or group[0].targets.shape[1] == part.targets.shape[1]
        if not alike or sum(own.adapter.count for own in group) + part.adapter.count > most:
            close()
        for piece in _pieces(part, most):
            group.append(piece)
            if part.adapter.count > most:
                close()
    close()
    return chunks


def _pieces(part: HeadRows, most: int) -> list[HeadRows]:
    count = part.adapter.count
    if count <= most:
        return [part]
    return [
        HeadRows(_cut(part.adapter, start, min(start + most, count)), part.targets[start : start + most])
        for start in range(0, count, most)
    ]


def _cut(adapter: AdapterRows, start: int, end: int) -> AdapterRows:
    dropped = []
    offset = 0
    for rows in adapter.dropped:
        low, high = max(start, offset), min(end, offset + rows.count)
        if low < high:
            dropped.append(replace(rows, count=high - low, first=rows.first + low - offset))
        offset += rows.count
    return AdapterRows(end - start, adapter.lora, tuple(dropped))
