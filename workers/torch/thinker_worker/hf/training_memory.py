"""How much memory the backward of a pass needs, and what is done about it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from thinker_worker.errors import WorkerError
from thinker_worker.hf.base_model import BaseModel
from thinker_worker.hf.rank_group import RankGroup
from thinker_worker.placement import Placement

# Of a GPU, what is free once the base models are loaded; of a machine, all that its ranks share.
GPU_SHARE = 0.7
CPU_SHARE = 0.5


@dataclass(frozen=True)
class TrainingMemory:
    """What a run may take, in bytes."""

    budget: int

    def must_recompute(self, base: BaseModel, tokens: int) -> bool:
        return kept_bytes(base, tokens) > self.budget

    def require_fits(self, base: BaseModel, datum: int, tokens: int) -> None:
        """@raises WorkerError sequence_exceeds_memory for a datum that does not fit even when computed again"""
        needed = recomputed_bytes(base, tokens)
        if needed > self.budget:
            message = f"data[{datum}] has {tokens} tokens, for which training needs about {needed} bytes."
            details = {"datum": datum, "tokens": tokens, "bytes": needed, "budget": self.budget}
            raise WorkerError("sequence_exceeds_memory", message, **details)


def training_memory(placement: Placement, group: RankGroup, local_ranks: int) -> TrainingMemory:
    """Measured once, when the base models are loaded; the least of all ranks, so that they all decide alike."""
    if placement.device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(placement.device)
        return TrainingMemory(group.least(int(free * GPU_SHARE)))
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return TrainingMemory(group.least(int(total * CPU_SHARE) // max(1, local_ranks)))


def kept_bytes(base: BaseModel, tokens: int) -> int:
    """Tensors that the layers save for the backward: counted from a Llama layer with a LoRA on every linear."""
    return tokens * base.config.num_hidden_layers * _per_layer(base)


def recomputed_bytes(base: BaseModel, tokens: int) -> int:
    """With only the inputs of the layers kept, and those of one layer at a time."""
    inputs = base.config.num_hidden_layers * base.config.hidden_size * _width(base)
    return tokens * (inputs + 2 * _per_layer(base))


def _per_layer(base: BaseModel) -> int:
    config = base.config
    return int((14 * config.hidden_size + 5 * config.intermediate_size) * _width(base))


def _width(base: BaseModel) -> int:
    return next(base.model.parameters()).element_size()
