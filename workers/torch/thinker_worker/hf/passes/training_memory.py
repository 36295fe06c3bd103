"""How much memory the backward of a pass needs, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass

from thinker_worker.hf.base_model import BaseModel
from thinker_worker.hf.rank_group import RankGroup
from thinker_worker.memory_budget import MemoryBudget, free_bytes
from thinker_worker.placement import Placement


@dataclass(frozen=True)
class TrainingMemory(MemoryBudget):
    """What a run may take, in bytes."""

    def must_recompute(self, base: BaseModel, tokens: int) -> bool:
        return kept_bytes(base, tokens) > self.budget

    def require_fits(self, base: BaseModel, datum: int, tokens: int) -> None:
        """@raises WorkerError sequence_exceeds_memory for a datum that does not fit even when computed again"""
        self.require(recomputed_bytes(base, tokens), datum, tokens)


def training_memory(placement: Placement, group: RankGroup) -> TrainingMemory:
    """The least of all ranks, so that they all decide alike."""
    return TrainingMemory(group.least(free_bytes(placement, group.world)))


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
