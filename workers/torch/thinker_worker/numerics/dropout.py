"""Dropout masks of LoRA inputs, the very ones that src/compute/local/passes/dropout.ts draws.

They depend on the adapter's seed, on the number of its pass, on the datum and on where the input comes from: linears that
read the same input share its mask. So a logged request drops the same elements when it is run again, in any company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from thinker_worker.engine import LoraSpec
from thinker_worker.numerics.random_stream import uniform

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


@dataclass(frozen=True)
class DroppedRows:
    """Rows first .. first + count - 1 of those of one datum, for which masks are drawn."""

    datum: int
    count: int
    first: int = 0


def dropout_mask(
    module: str, lora: LoraSpec, passes: int, dropped: Sequence[DroppedRows], width: int, device: torch.device
) -> Tensor:
    """0 with the adapter's probability, else 1 / (1 - p). @returns [rows, width], float32"""
    numbers = []
    for rows in dropped:
        label = f"dropout.{site_of(module)}/{passes}/{rows.datum}"
        drawn = uniform(lora.seed, label, (rows.first + rows.count) * width, device)
        numbers.append(drawn[rows.first * width :])
    kept = torch.cat(numbers) >= lora.dropout
    return (kept.to(torch.float32) * (1 / (1 - lora.dropout))).view(-1, width)


def site_of(module: str) -> str:
    """model.layers.3.self_attn.q_proj -> model.layers.3.attention_input"""
    if module == HEAD:
        return HEAD_SITE
    prefix, _, name = module.rpartition(".")
    layer = prefix.rpartition(".")[0]
    return f"{layer}.{SITES[name]}" if name in SITES else module
