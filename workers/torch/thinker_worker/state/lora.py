"""Names, ranks and scales of an adapter's LoRAs (src/domain/adapter/lora-spec.ts)."""

from __future__ import annotations

import math

from thinker_worker.engine import AdapterTensors, LoraSpec

A_SUFFIX = ".lora_A.weight"
B_SUFFIX = ".lora_B.weight"


def lora_rank(lora: LoraSpec, module: str) -> int:
    return lora.rank_pattern.get(module, lora.rank)


def lora_scale(lora: LoraSpec, module: str) -> float:
    """Factor on B A x: alpha / rank, or alpha / sqrt(rank) with rsLoRA, of this module."""
    rank = lora_rank(lora, module)
    alpha = lora.alpha_pattern.get(module, lora.alpha)
    return alpha / math.sqrt(rank) if lora.rs_lora else alpha / rank


def lora_modules(weights: AdapterTensors) -> list[str]:
    """Full names of the modules that carry a LoRA, in the order of the tensors."""
    return [name[: -len(A_SUFFIX)] for name in weights if name.endswith(A_SUFFIX)]
