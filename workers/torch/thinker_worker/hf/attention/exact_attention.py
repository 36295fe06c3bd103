"""Causal attention on the CPU in float32, whose result for a token depends on the tokens before it alone.

It does not depend on how many queries are asked at once, how many keys are padded behind, nor on what else is computed
with it, so a prompt read in pieces, token by token or in a training pass gives the same bits. For that, sums over keys are
taken in blocks of a fixed size counted from the first key, keys are padded to whole vectors, and there are never fewer
than two rows, for which libraries take another way. torch's own attention for the CPU cuts its sums by the lengths it is
given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

# Keys of which a sum is taken at once.
KEY_BLOCK = 256
# Keys are padded to multiples of this many.
KEY_PADDING = 64
# Queries of one sequence whose scores are held at a time.
QUERY_BLOCK = 64


@dataclass(frozen=True)
class AttentionTerms:
    scale: float
    # A query sees this many keys, itself included; None: all before it.
    window: int | None = None
    # Scores s become cap * tanh(s / cap).
    cap: float | None = None


@dataclass(frozen=True)
class _Block:
    """Queries first .. last - 1 of a sequence, and the keys low .. high - 1 that one of them sees."""

    first: int
    last: int
    low: int
    high: int
    # [queries, keys], or with dimensions before: hidden from the query.
    hidden: Tensor


def exact_attention(query: Tensor, key: Tensor, value: Tensor, offset: int, terms: AttentionTerms) -> Tensor:
    """One sequence, of which the queries are the tokens from `offset` on.

    @param query [heads, n, size]
    @param key, value [kv heads, keys, size]; keys beyond offset + n are padding
    @returns [heads, n, value size]
    """
    heads, count, _ = query.shape
    groups = heads // key.shape[0]
    grouped = query.reshape(key.shape[0], groups, count, -1)
    seen = _padded(offset + count)
    key, value = (_with_padding(tensor[:, :seen], seen) for tensor in (key, value))
    out: Tensor = _ExactAttention.apply(grouped, key, value, offset, terms)
    return out.reshape(heads, count, -1)


def exact_masked_attention(query: Tensor, key: Tensor, value: Tensor, hidden: Tensor, terms: AttentionTerms) -> Tensor:
    """Without a gradient, for queries that differ in what is hidden from them.

    @param query [n, groups, queries, size]
    @param key, value [n, keys, size], of which there are whole KEY_PADDINGs
    @param hidden [n, 1, queries, keys]
    @returns [n, groups, queries, value size]
    """
    block = _Block(0, query.shape[2], 0, key.shape[1], hidden)
    weights, _ = _weights(query, key, block, terms)
    return _weighted_sum(weights, value, block)


class _ExactAttention(torch.autograd.Function):
    """query [kv heads, groups, n, size], key and value [kv heads, padded keys, size] -> [kv heads, groups, n, size]"""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, offset: int, terms: AttentionTerms) -> Tensor:
        out = query.new_empty((*query.shape[:3], value.shape[2]))
        for block in _blocks(query.shape[2], offset, terms, query.device):
            weights, _ = _weights(query, key, block, terms)
            out[:, :, block.first : block.last] = _weighted_sum(weights, value, block)
        ctx.save_for_backward(query, key, value, out)
        ctx.offset, ctx.terms = offset, terms
        return out

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        query, key, value, out = ctx.saved_tensors
        d_query, d_key, d_value = torch.empty_like(query), torch.zeros_like(key), torch.zeros_like(value)
        for block in _blocks(query.shape[2], ctx.offset, ctx.terms, query.device):
            rows = slice(block.first, block.last)
            keys = slice(block.low, block.high)
            weights, bend = _weights(query, key, block, ctx.terms)
            own = slope[:, :, rows]
            flat, flat_weights = _flat(own), _flat(weights)
            d_value[:, keys] += flat_weights.transpose(1, 2) @ flat
            d_weights = (flat @ value[:, keys].transpose(1, 2)).view_as(weights)
            inner = (own * out[:, :, rows]).sum(-1, keepdim=True)
            d_scores = d_weights.sub_(inner).mul_(weights).mul_(ctx.terms.scale)
            if bend is not None:
                d_scores.mul_(bend)
            flat_scores = _flat(d_scores)
            d_query[:, :, rows] = (flat_scores @ key[:, keys]).view_as(query[:, :, rows])
            d_key[:, keys] += flat_scores.transpose(1, 2) @ _flat(query[:, :, rows])
        return d_query, d_key, d_value, None, None


def _blocks(count: int, offset: int, terms: AttentionTerms, device: torch.device) -> list[_Block]:
    blocks = []
    for first in range(0, count, QUERY_BLOCK):
        last = min(first + QUERY_BLOCK, count)
        low = 0 if terms.window is None else max(0, offset + first - terms.window + 1) // KEY_BLOCK * KEY_BLOCK
        high = _padded(offset + last)
        keys = torch.arange(low, high, device=device)
        queries = torch.arange(offset + first, offset + last, device=device)[:, None]
        hidden = keys > queries
        if terms.window is not None:
            hidden |= keys <= queries - terms.window
        blocks.append(_Block(first, last, low, high, hidden))
    return blocks


def _weights(query: Tensor, key: Tensor, block: _Block, terms: AttentionTerms) -> tuple[Tensor, Tensor | None]:
    """Attention weights [kv heads, groups, queries, keys], and with a cap the slope of what it does to scores."""
    rows = query[:, :, block.first : block.last]
    flat = _two_rows(_flat(rows))
    product = flat @ key[:, block.low : block.high].transpose(1, 2)
    scores = product[:, : rows.shape[1] * rows.shape[2]].reshape(*rows.shape[:3], -1) * terms.scale
    bend = None
    if terms.cap is not None:
        bent = torch.tanh(scores / terms.cap)
        scores, bend = bent * terms.cap, 1 - bent * bent
    return torch.softmax(scores.masked_fill_(block.hidden, float("-inf")), dim=-1), bend


def _weighted_sum(weights: Tensor, value: Tensor, block: _Block) -> Tensor:
    """Sum of the values, block by block of keys. @returns [kv heads, groups, queries, size]"""
    flat = _two_rows(_flat(weights))
    total = None
    for low in range(block.low, block.high, KEY_BLOCK):
        high = min(low + KEY_BLOCK, block.high)
        part = flat[:, :, low - block.low : high - block.low] @ value[:, low:high]
        total = part if total is None else total + part
    assert total is not None
    return total[:, : weights.shape[1] * weights.shape[2]].reshape(*weights.shape[:3], -1)


def _flat(tensor: Tensor) -> Tensor:
    """[kv heads, groups, n, k] -> [kv heads, groups * n, k]"""
    return tensor.reshape(tensor.shape[0], -1, tensor.shape[3])


def _two_rows(flat: Tensor) -> Tensor:
    return flat if flat.shape[1] > 1 else flat.expand(-1, 2, -1).contiguous()


def _padded(keys: int) -> int:
    return -(-keys // KEY_PADDING) * KEY_PADDING


def _with_padding(tensor: Tensor, keys: int) -> Tensor:
    """[kv heads, n, size] with zeros behind, up to `keys`"""
    missing = keys - tensor.shape[1]
    return torch.nn.functional.pad(tensor, (0, 0, 0, missing)) if missing else tensor
