"""Attention of all sequences of a packed row in one call of the package flash-attn, where that is installed.

torch's own attention has the same kernels, but takes one sequence at a time, or a batch of equally long ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate

import torch
from torch import Tensor

from thinker_worker.hf.attention.exact_attention import AttentionTerms
from thinker_worker.hf.rows import SequenceRows

# What its kernels are built for.
TYPES = frozenset({torch.float16, torch.bfloat16})
MAX_HEAD = 256


@cache
def flash_kernel() -> Callable[..., Tensor] | None:
    """flash_attn_varlen_func; None where the package is missing."""
    try:
        from flash_attn import flash_attn_varlen_func  # type: ignore[import-not-found]
    except ImportError:
        return None
    return flash_attn_varlen_func  # type: ignore[no-any-return]


def suits_flash(device: torch.device, dtype: torch.dtype, key_size: int, value_size: int) -> bool:
    return device.type == "cuda" and dtype in TYPES and key_size == value_size <= MAX_HEAD


def flash_attention(
    kernel: Callable[..., Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    sequences: Sequence[SequenceRows],
    layer: int,
    terms: AttentionTerms,
) -> Tensor:
    """query [heads, T, size], key and value [kv heads, T, size] -> [T, heads, size]"""
    keys, values = _with_cached(key, value, sequences, layer)
    asked = [sequence.end - sequence.start for sequence in sequences]
    seen = [count + (sequence.cache.length if sequence.cache else 0) for count, sequence in zip(asked, sequences, strict=True)]
    return kernel(
        *(tensor.transpose(0, 1).contiguous() for tensor in (query, keys, values)),
        cu_seqlens_q=_edges(asked, query.device),
        cu_seqlens_k=_edges(seen, query.device),
        max_seqlen_q=max(asked),
        max_seqlen_k=max(seen),
        softmax_scale=terms.scale,
        # The last query sees the last key.
        causal=True,
        window_size=(-1 if terms.window is None else terms.window - 1, 0),
        softcap=terms.cap or 0.0,
        deterministic=torch.are_deterministic_algorithms_enabled(),
    )


def _with_cached(key: Tensor, value: Tensor, sequences: Sequence[SequenceRows], layer: int) -> tuple[Tensor, Tensor]:
    """Each sequence's keys and values from its first token on, one sequence behind the other."""
    if all(sequence.cache is None for sequence in sequences):
        return key, value
    pairs = []
    for sequence in sequences:
        own = key[:, sequence.start : sequence.end], value[:, sequence.start : sequence.end]
        if sequence.cache is not None:
            end = sequence.cache.length + sequence.end - sequence.start
            keys, values = sequence.cache.append(layer, *own)
            own = keys[:, :end], values[:, :end]
        pairs.append(own)
    return torch.cat([keys for keys, _ in pairs], dim=1), torch.cat([values for _, values in pairs], dim=1)


def _edges(counts: Sequence[int], device: torch.device) -> Tensor:
    return torch.tensor([0, *accumulate(counts)], dtype=torch.int32, device=device)
