"""Dropout masks of LoRA inputs, the very ones that src/compute/local/passes/dropout.ts draws.

They depend on the adapter's seed, on the number of its pass, on the datum and on where the input comes from: linears that
read the same input share its mask. So a logged request drops the same elements when it is run again, in any company.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from thinker_worker.numerics.random_stream import uniform

if TYPE_CHECKING:
    from thinker_worker.hf.pinned_lora import PinnedLora
    from thinker_worker.hf.rows import DroppedRows

# By the last name of a linear: what its input is called.
SITES = {
    "q_proj": "attention_input",
    "k_proj": "attention_input",
    "v_proj": "attention_input",
    "qkv_proj": "attention_input",
    "o_proj": "attention_output",
    "gate_proj": "mlp_input",
    "up_proj": "mlp_input",
    "gate_up_proj": "mlp_input",
    "down_proj": "mlp_inner",
}
HEAD = "lm_head"
HEAD_SITE = "head_input"


def dropout_mask(module: str, lora: PinnedLora, dropped: Sequence[DroppedRows], like: Tensor) -> Tensor:
    """0 with the adapter's probability, else 1 / (1 - p). @returns [rows, width] as `like`, float32"""
    rate = lora.lora.dropout
    width = like.shape[-1]
    numbers = []
    for rows in dropped:
        label = f"dropout.{site_of(module)}/{lora.passes}/{rows.datum}"
        drawn = uniform(lora.lora.seed, label, (rows.first + rows.count) * width, like.device)
        numbers.append(drawn[rows.first * width :])
    kept = torch.cat(numbers) >= rate
    return (kept.to(torch.float32) * (1 / (1 - rate))).view(-1, width)


def site_of(module: str) -> str:
    """model.layers.3.self_attn.q_proj -> model.layers.3.attention_input"""
    if module == HEAD:
        return HEAD_SITE
    prefix, _, name = module.rpartition(".")
    layer = prefix.rpartition(".")[0]
    return f"{layer}.{SITES[name]}" if name in SITES else module
