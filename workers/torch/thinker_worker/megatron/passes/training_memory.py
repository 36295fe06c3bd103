"""How much memory the backward of a run needs on a rank, and what is done about it.

An estimate, the same on every rank, since ranks that share layers must all compute them again or none: the tensors that a
layer saves, counted from Megatron's layer with a LoRA on every linear. Those of the width of the hidden state are whole on
each tensor-parallel rank, the others divided.
"""

from __future__ import annotations

from dataclasses import dataclass

from thinker_worker.megatron.parallel import Parallel
from thinker_worker.megatron.stage import ModelStage
from thinker_worker.memory_budget import MemoryBudget, free_bytes
from thinker_worker.placement import Placement


@dataclass(frozen=True)
class TrainingMemory(MemoryBudget):
    """What a run may take on a rank, in bytes."""

    def must_recompute(self, stage: ModelStage, tokens: int) -> bool:
        """Whether layers must compute again in the backward what they computed in the forward, and keep their inputs."""
        return tokens * len(stage.layers) * _layer_bytes(stage) > self.budget

    def require_fits(self, stage: ModelStage, datum: int, tokens: int) -> None:
        """Raises WorkerError `sequence_exceeds_memory` for a datum that does not fit even when layers recompute."""
        inputs = len(stage.layers) * stage.architecture.hidden_size * stage.dtype.itemsize
        self.require(tokens * (inputs + 2 * _layer_bytes(stage)), datum, tokens)


def measure_memory(placement: Placement, parallel: Parallel, ranks: int) -> TrainingMemory:
    """The least of all ranks, so that they all decide alike."""
    return TrainingMemory(min(parallel.collect_from_all(free_bytes(placement, ranks))))


def _layer_bytes(stage: ModelStage) -> int:
    """Per token."""
    architecture = stage.architecture
    divided = 4 * architecture.query_size + 5 * architecture.intermediate_size
    numbers = 10 * architecture.hidden_size + divided // stage.parallel.tensor.count
    return numbers * stage.dtype.itemsize
