"""Causal attention over packed sequences, which replaces Megatron's core attention."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from thinker_worker.hf.attention.exact_attention import AttentionTerms, exact_attention
from thinker_worker.megatron.model.architecture import Architecture
from thinker_worker.megatron.passes.batch import Running, Segment


class PackedAttention(nn.Module):
    """Each segment attends to itself and to what its sequence has read before, as transformers' SDPA attention does.

    `softmax_scale` includes the square of the rotary embedding's attention scaling, which transformers multiplies into the
    cosines and sines of queries and of keys.
    """

    def __init__(
        self, running: Running, architecture: Architecture, exact: bool, *, layer_number: int, **_megatron: Any
    ) -> None:
        super().__init__()
        self._running = running
        self._exact = exact
        self._layer = layer_number - 1
        self._window = architecture.windows[self._layer]
        self._scale = architecture.head_dim**-0.5 * architecture.rope.attention_scaling**2

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *_masks: Any, **_options: Any) -> Tensor:
        """query [T, 1, heads, D], key and value [T, 1, groups, D] of this rank -> [T, 1, heads * D]."""
        parts = [
            self._attend(segment, query[segment.rows, 0], key[segment.rows, 0], value[segment.rows, 0])
            for segment in self._running.rows.segments
        ]
        return torch.cat(parts).flatten(1).unsqueeze(1)

    def _attend(self, segment: Segment, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        if segment.past is not None and self._layer in segment.past.layers:
            keys, values = segment.past.layers[self._layer]
            key, value = torch.cat([keys, key]), torch.cat([values, value])
        if segment.grown is not None:
            segment.grown.layers[self._layer] = (key, value)
        if self._exact:
            return self._attend_exactly(query, key, value)
        mask = self._mask(query.shape[0], key.shape[0], query.device)
        attended = scaled_dot_product_attention(
            query.transpose(0, 1)[None],
            key.transpose(0, 1)[None],
            value.transpose(0, 1)[None],
            attn_mask=mask,
            is_causal=mask is None and query.shape[0] > 1,
            scale=self._scale,
            enable_gqa=query.shape[1] != key.shape[1],
        )
        return attended[0].transpose(0, 1)

    def _attend_exactly(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """To the same bits however many queries are asked at once."""
        terms = AttentionTerms(self._scale, self._window)
        offset = key.shape[0] - query.shape[0]
        return exact_attention(*(t.transpose(0, 1) for t in (query, key, value)), offset, terms).transpose(0, 1)

    def _mask(self, queries: int, keys: int, device: torch.device) -> Tensor | None:
        """[queries, keys], True where a query sees a key; None where SDPA's own causal mask, or none, says it."""
        windowed = self._window is not None and keys > self._window
        if not windowed and queries in (1, keys):
            return None
        mask = torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)
        return mask.triu(keys - queries - self._window + 1) if windowed else mask
