"""Log-probs of target tokens from logits whose vocabulary is split over the tensor-parallel ranks."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


class TargetLogprobs(torch.autograd.Function):
    """log softmax of `logits` [R, own part of the vocabulary], at (rows[i], tokens[i]) -> [M], the same on every rank.

    With p = softmax and g = dLoss/dlogprob, dLoss/dlogit = (sum of g at this logit) - p * (sum of g in this row). Apart
    from the logits nothing of their size is kept. Every row may have any number of targets, also the same twice.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, rows: Tensor, tokens: Tensor, first: int, group: dist.ProcessGroup) -> Tensor:
        """`first` is the token of the first column."""
        log_sums = log_sum_exp(logits, group)
        own = (tokens >= first) & (tokens < first + logits.shape[1])
        columns = torch.where(own, tokens - first, 0)
        picked = torch.where(own, logits[rows, columns], 0)
        dist.all_reduce(picked, group=group)
        ctx.save_for_backward(logits, log_sums, rows, columns, own)
        return picked - log_sums[rows]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        logits, log_sums, rows, columns, own = ctx.saved_tensors
        sums = torch.zeros_like(log_sums).index_add(0, rows, gradient)
        result = torch.exp(logits - log_sums[:, None]).mul_(-sums[:, None])
        result.index_put_((rows[own], columns[own]), gradient[own], accumulate=True)
        return result, None, None, None, None


def log_sum_exp(logits: Tensor, group: dist.ProcessGroup) -> Tensor:
    """Over all columns of all ranks: [R, own columns] -> [R]."""
    largest = logits.amax(dim=1)
    dist.all_reduce(largest, op=dist.ReduceOp.MAX, group=group)
    sums = torch.exp(logits - largest[:, None]).sum(dim=1)
    dist.all_reduce(sums, group=group)
    return sums.log() + largest
