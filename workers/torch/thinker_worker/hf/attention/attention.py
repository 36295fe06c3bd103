"""The attention that transformers' models call here: sequence by sequence over a packed row axis.

It is registered under a name of its own, with its own kind of mask: what a model would put into a mask comes along as
numbers. Anything a model asks for beyond scale, window and cap is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from thinker_worker.hf.attention.decode_attention import decode_attention, is_decode
from thinker_worker.hf.attention.exact_attention import AttentionTerms, exact_attention
from thinker_worker.hf.attention.flash_attention import flash_attention, flash_kernel, suits_flash
from thinker_worker.hf.rows import Rows, Routing, SequenceRows

# What models hand on to their attention that says nothing about its result here.
INERT = frozenset({"position_ids", "use_cache", "output_attentions", "output_hidden_states", "cache_position", "routing"})

# Query [heads, n, size], key and value [kv heads, n, size] of one sequence.
_Piece = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class MaskTerms:
    """Stands where a model expects its mask."""

    window: int | None


def register_attention(name: str, routing: Routing, exact: bool) -> None:
    """@param name one for each model: `attn_implementation` is all that a model says of itself to its attention"""

    def attend(
        module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any, **options: Any
    ) -> tuple[Tensor, None]:
        rows = routing.current
        if rows is None:
            raise RuntimeError("The model was run without saying which rows belong to which sequence.")
        terms = _terms(module, attention_mask, options)
        return _attend(module, query, key, value, rows, terms, exact), None

    AttentionInterface.register(name, attend)
    AttentionMaskInterface.register(name, _mask_terms)


def _mask_terms(*_args: Any, local_size: int | None = None, **_kwargs: Any) -> MaskTerms:
    return MaskTerms(local_size)


def _terms(module: nn.Module, mask: Any, options: dict[str, Any]) -> AttentionTerms:
    own = dict(options)
    scale = own.pop("scaling", None)
    dropout = own.pop("dropout", 0.0)
    window = own.pop("sliding_window", None)
    cap = own.pop("softcap", None)
    unknown = sorted(name for name, value in own.items() if name not in INERT and value is not None)
    if unknown:
        raise NotImplementedError(f"{type(module).__name__} asks for {', '.join(unknown)}, which this attention does not know.")
    if not getattr(module, "is_causal", True):
        raise NotImplementedError(f"{type(module).__name__} is not causal.")
    if dropout:
        raise NotImplementedError(f"{type(module).__name__} drops out attention weights.")
    if scale is None:
        raise NotImplementedError(f"{type(module).__name__} does not say by what it scales its scores.")
    if isinstance(mask, MaskTerms):
        if window is not None and window != mask.window:
            raise NotImplementedError(f"{type(module).__name__} has a window of {window} and a mask of {mask.window}.")
        window = mask.window
    elif mask is not None:
        raise NotImplementedError(f"{type(module).__name__} brings a mask of its own.")
    return AttentionTerms(scale=scale, window=window, cap=cap)


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, rows: Rows, terms: AttentionTerms, exact: bool
) -> Tensor:
    """query [1, heads, T, size], key and value [1, kv heads, T, size] -> [1, T, heads, size]"""
    q, k, v = query[0], key[0], value[0]
    layer: int = module.layer_idx  # type: ignore[assignment]
    if all(map(is_decode, rows.sequences)):
        return decode_attention(q, k, v, rows.sequences, layer, terms, exact)[None]
    kernel = flash_kernel() if suits_flash(q.device, q.dtype, k.shape[-1], v.shape[-1]) else None
    if kernel is not None:
        return flash_attention(kernel, q, k, v, rows.sequences, layer, terms)[None]
    lengths = [sequence.end - sequence.start for sequence in rows.sequences]
    # A split has one gradient, a join of those of its pieces.
    pieces: list[_Piece] = list(zip(*(tensor.split(lengths, dim=1) for tensor in (q, k, v)), strict=True))
    if exact and all(sequence.cache is None for sequence in rows.sequences):
        outputs = _exact_by_length(pieces, terms)
    else:
        one = exact_attention if exact else _sdpa
        outputs = [_one(*own, layer, terms, one) for own in zip(rows.sequences, pieces, strict=True)]
    return torch.cat(outputs, dim=1).transpose(0, 1)[None]


def _exact_by_length(pieces: Sequence[_Piece], terms: AttentionTerms) -> list[Tensor]:
    """Whole sequences; those of one length together, each one's heads as further heads of one sequence."""
    by_length: dict[int, list[int]] = {}
    for index, (query, _, _) in enumerate(pieces):
        by_length.setdefault(query.shape[1], []).append(index)
    found: dict[int, Tensor] = {}
    for indices in by_length.values():
        stacked = (torch.cat([pieces[index][which] for index in indices]) for which in range(3))
        outputs = exact_attention(*stacked, 0, terms).chunk(len(indices))
        found.update(zip(indices, outputs, strict=True))
    return [found[index] for index in range(len(pieces))]


def _one(
    sequence: SequenceRows,
    piece: _Piece,
    layer: int,
    terms: AttentionTerms,
    attend: Callable[[Tensor, Tensor, Tensor, int, AttentionTerms], Tensor],
) -> Tensor:
    query, key, value = piece
    if sequence.cache is None:
        return attend(query, key, value, 0, terms)
    keys, values = sequence.cache.append(layer, key, value)
    return attend(query, keys, values, sequence.cache.length, terms)


def _sdpa(query: Tensor, key: Tensor, value: Tensor, offset: int, terms: AttentionTerms) -> Tensor:
    """As exact_attention, by torch's fastest kernel for it."""
    count = query.shape[1]
    end = offset + count
    key, value = key[:, :end], value[:, :end]
    plain = offset == 0 and (terms.window is None or count <= terms.window)
    mask = None if plain else visible(count, offset, terms.window, query.device)
    if terms.cap is not None:
        return _capped(query, key, value, visible(count, offset, terms.window, query.device), terms)
    return F.scaled_dot_product_attention(
        query[None], key[None], value[None], attn_mask=mask, is_causal=plain, scale=terms.scale, enable_gqa=True
    )[0]


def visible(count: int, offset: int, window: int | None, device: torch.device) -> Tensor:
    """[count, offset + count]: may query `offset + i` see key j?"""
    keys = torch.arange(offset + count, device=device)
    queries = torch.arange(offset, offset + count, device=device)[:, None]
    seen = keys <= queries
    return seen if window is None else seen & (keys > queries - window)


def _capped(query: Tensor, key: Tensor, value: Tensor, seen: Tensor, terms: AttentionTerms) -> Tensor:
    """As transformers' eager attention computes it: softmax in float32, product in the values' type."""
    assert terms.cap is not None
    groups = query.shape[0] // key.shape[0]
    key, value = (tensor.repeat_interleave(groups, dim=0) for tensor in (key, value))
    scores = torch.tanh((query @ key.transpose(1, 2)) * terms.scale / terms.cap) * terms.cap
    weights = torch.softmax(scores.masked_fill(~seen, float("-inf")), dim=-1, dtype=torch.float32)
    return weights.to(value.dtype) @ value
