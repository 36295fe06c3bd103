"""What Node is told of the rows that it has asked for: draws, or named logits, where these are all that it needs, else rows.

Node's sampler (src/compute/numerics/token-sampler.ts) adds up exp((logit - largest) / temperature) in float64, in the order
of the ids, and takes the first token at which the sum exceeds uniform * total. Here the same sums may be added up in another
order, and an exponential may differ in its last bit. So a draw counts only if the uniform number is farther from the edges
of the token's share than both can err together; otherwise Node gets the row, and decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from thinker_worker.engine import NamedTokens, NextTokens, PlainDraws, SequenceStep

# Of the total. Sums of a million numbers in float64 err by no more than 1e-10.
MARGIN = 1e-9
# Rows that are worked on at once: each takes its size in float64 several times.
ROWS = 16


def next_tokens(steps: Sequence[SequenceStep], logits: Tensor, log_sums: Tensor) -> list[NextTokens]:
    """@param logits [rows, vocabulary] of all steps, one behind the other"""
    counts = [step.rows.numel() for step in steps]
    all_rows = logits.split(counts)
    named = [None if step.named is None else _named(own, step.named) for own, step in zip(all_rows, steps, strict=True)]
    rows = [own if step.named is None else own[step.named.offsets.numel() - 1 :] for own, step in zip(all_rows, steps, strict=True)]
    sums = log_sums.cpu().split(counts)
    wishes = [(index, step.draws) for index, step in enumerate(steps) if step.draws is not None]
    found: dict[int, NextTokens] = {}
    for start in range(0, len(wishes), ROWS):
        indices, draws = zip(*wishes[start : start + ROWS], strict=True)
        own = torch.cat([rows[index] for index in indices])
        for index, answer in zip(indices, draw(own, draws), strict=True):
            if answer is not None:
                found[index] = NextTokens(answer[1], sums[index], answer[0], named[index])
    return [found.get(index) or NextTokens(rows[index].cpu(), sums[index], None, named[index]) for index in range(len(steps))]


def _named(rows: Tensor, named: NamedTokens) -> Tensor:
    """The logits of tokens [n] of the first rows."""
    counts = named.offsets.diff().to(torch.int64)
    row_of = torch.repeat_interleave(torch.arange(counts.numel()), counts).to(rows.device)
    return rows[row_of, named.tokens.to(rows.device, torch.int64)].cpu()


def draw(rows: Tensor, draws: Sequence[PlainDraws]) -> list[tuple[Tensor, Tensor] | None]:
    """Tokens and their logits, drawn from each row [n, vocabulary]; None where Node has to decide."""
    most = max(len(own.uniforms) for own in draws)
    padded = [[*own.uniforms, *[0.5] * (most - len(own.uniforms))] for own in draws]
    uniforms = torch.tensor(padded, dtype=torch.float64, device=rows.device)
    temperatures = torch.tensor([own.temperature for own in draws], dtype=torch.float64, device=rows.device)[:, None]
    greedy = temperatures == 0
    with _in_any_order():
        tokens, sure = _drawn(rows, temperatures.masked_fill(greedy, 1.0), uniforms)
    # Of equal maxima, argmax takes the first.
    tokens = torch.where(greedy, rows.argmax(dim=1, keepdim=True), tokens)
    sure = (sure | greedy) & rows.isfinite().all(dim=1, keepdim=True)
    logits = rows.gather(1, tokens).cpu()
    answers = zip(tokens.int().cpu(), logits, sure.cpu(), draws, strict=True)
    return [
        (own[: len(wish.uniforms)], values[: len(wish.uniforms)]) if bool(certain[: len(wish.uniforms)].all()) else None
        for own, values, certain, wish in answers
    ]


def _drawn(rows: Tensor, temperatures: Tensor, uniforms: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens [n, draws], and which of them are certain."""
    masses = rows.double()
    masses = masses.sub_(masses.amax(dim=1, keepdim=True)).div_(temperatures).exp_()
    sums = masses.cumsum(dim=1)
    total = sums[:, -1:]
    targets = uniforms * total
    tokens = torch.searchsorted(sums, targets, right=True).clamp_(max=rows.shape[1] - 1)
    above = sums.gather(1, tokens) - targets
    below = targets - sums.gather(1, (tokens - 1).clamp_(min=0)).masked_fill(tokens == 0, float("-inf"))
    return tokens, torch.minimum(above, below) > MARGIN * total


@contextmanager
def _in_any_order() -> Iterator[None]:
    """CUDA has no deterministic cumulative sum. None is needed: the margin leaves no draw to the order of a sum."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
