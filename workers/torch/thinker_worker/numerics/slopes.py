"""Slopes dLoss/dlogprob of the built-in losses by their formula (src/compute/models/loss-coefficients.ts)."""

from __future__ import annotations

import torch
from torch import Tensor

from thinker_worker.engine import RunSlopes

# exp(80) is still finite in float32; a larger ratio means that sampler and trainer have parted long ago.
MAX_LOG_RATIO = 80.0


def loss_slopes(logprobs: Tensor, slopes: RunSlopes) -> Tensor:
    """c with, for l = log-prob, q = sampler's log-prob, A = advantage, w = weight and r = exp(l - q):

    - weights: c = -w
    - ratio: c = -w r A, and 0 where A > 0 and r > high, or A < 0 and r < low
    - clipped_ratio: c = -w clip(r, low, high) A
    - dro: c = -w (A - beta (l - q))

    All tensors have the shape of `logprobs` and its device; float32.
    """
    terms, weights = slopes.terms, slopes.weights
    if terms.policy == "weights":
        return -weights
    advantages = slopes.advantages
    log_ratio = logprobs - slopes.sampler_logprobs
    if terms.policy == "dro":
        return -weights * (advantages - terms.beta * log_ratio)
    ratio = torch.exp(log_ratio.clamp(max=MAX_LOG_RATIO))
    if terms.policy == "clipped_ratio":
        return -weights * (ratio.clamp(min=terms.low, max=terms.high) * advantages)
    if terms.policy == "ratio":
        above = (advantages > 0) & (ratio > terms.high)
        below = (advantages < 0) & (ratio < terms.low)
        return -weights * torch.where(above | below, torch.zeros_like(ratio), ratio * advantages)
    raise ValueError(f"Unknown policy {terms.policy!r}.")
