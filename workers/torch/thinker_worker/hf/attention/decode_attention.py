"""One token of each of many sequences at once: a kernel for each sequence would take longer to start than to run."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from thinker_worker.hf.attention.exact_attention import AttentionTerms, exact_masked_attention
from thinker_worker.hf.kv_cache import whole_blocks
from thinker_worker.hf.rows import SequenceRows


def is_decode(sequence: SequenceRows) -> bool:
    return sequence.cache is not None and sequence.end - sequence.start == 1


def decode_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    sequences: Sequence[SequenceRows],
    layer: int,
    terms: AttentionTerms,
    exact: bool,
) -> Tensor:
    """query [heads, n, size], key and value [kv heads, n, size] of n sequences' newest tokens -> [n, heads, size]"""
    pairs = [
        sequence.cache.append(layer, key[:, i : i + 1], value[:, i : i + 1])
        for i, sequence in enumerate(sequences)
        if sequence.cache is not None
    ]
    ends = torch.tensor([sequence.cache.length + 1 for sequence in sequences if sequence.cache], device=query.device)
    longest = whole_blocks(max(sequence.cache.length + 1 for sequence in sequences if sequence.cache))
    keys, values = (_stacked([pair[which] for pair in pairs], longest) for which in (0, 1))
    positions = torch.arange(longest, device=query.device)
    seen = positions < ends[:, None]
    if terms.window is not None:
        seen &= positions >= ends[:, None] - terms.window
    rows = query.transpose(0, 1)[:, :, None]
    if exact:
        return _exact(rows, keys, values, seen, terms)
    if terms.cap is not None:
        return _capped(rows, keys, values, seen, terms)
    out = F.scaled_dot_product_attention(
        rows, keys, values, attn_mask=seen[:, None, None], scale=terms.scale, enable_gqa=True
    )
    return out[:, :, 0]


def _stacked(tensors: list[Tensor], length: int) -> Tensor:
    """[kv heads, n, size] each -> [sequences, kv heads, length, size], with zeros behind"""
    first = tensors[0]
    stack = first.new_zeros((len(tensors), first.shape[0], length, first.shape[2]))
    for own, tensor in zip(stack, tensors, strict=True):
        own[:, : tensor.shape[1]] = tensor
    return stack


def _exact(query: Tensor, key: Tensor, value: Tensor, seen: Tensor, terms: AttentionTerms) -> Tensor:
    """query [n, heads, 1, size] -> [n, heads, size], each sequence's heads as sequences of their own"""
    count, heads = query.shape[:2]
    kv_heads = key.shape[1]
    grouped = query.reshape(count * kv_heads, heads // kv_heads, 1, -1)
    hidden = ~seen.repeat_interleave(kv_heads, dim=0)[:, None, None]
    out = exact_masked_attention(grouped, key.flatten(0, 1), value.flatten(0, 1), hidden, terms)
    return out.reshape(count, heads, -1)


def _capped(query: Tensor, key: Tensor, value: Tensor, seen: Tensor, terms: AttentionTerms) -> Tensor:
    """query [n, heads, 1, size] -> [n, heads, size]"""
    assert terms.cap is not None
    groups = query.shape[1] // key.shape[1]
    key, value = (tensor.repeat_interleave(groups, dim=1) for tensor in (key, value))
    scores = torch.tanh((query @ key.transpose(2, 3)) * terms.scale / terms.cap) * terms.cap
    weights = torch.softmax(scores.masked_fill(~seen[:, None, None], float("-inf")), dim=-1, dtype=torch.float32)
    return (weights.to(value.dtype) @ value)[:, :, 0]
