"""How much memory the backward of a run needs on a rank, and what is done about it.

An estimate, the same on every rank, since ranks that share layers must all compute them again or none: the tensors that a
layer saves, counted from Megatron's layer with a LoRA on every linear. Those of the width of the hidden state are whole on
each tensor-parallel rank, the others divided.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from thinker_worker.errors import WorkerError
from thinker_worker.megatron.parallel import Parallel
from thinker_worker.megatron.stage import ModelStage
from thinker_worker.placement import Placement

# Of a GPU, what is free once the base models are loaded; of a machine, all that its ranks share.
GPU_SHARE = 0.7
CPU_SHARE = 0.5


@dataclass(frozen=True)
class TrainingMemory:
    """What a run may take on a rank, in bytes."""

    budget: int

    def must_recompute(self, stage: ModelStage, tokens: int) -> bool:
        """Whether layers must compute again in the backward what they computed in the forward, and keep their inputs."""
        return tokens * len(stage.layers) * _layer_bytes(stage) > self.budget

    def require_fits(self, stage: ModelStage, datum: int, tokens: int) -> None:
        """Raises WorkerError `sequence_exceeds_memory` for a datum that does not fit even when layers recompute."""
        inputs = len(stage.layers) * stage.architecture.hidden_size * stage.dtype.itemsize
        needed = tokens * (inputs + 2 * _layer_bytes(stage))
        if needed > self.budget:
            message = f"data[{datum}] has {tokens} tokens, for which training needs about {needed} bytes."
            details = {"datum": datum, "tokens": tokens, "bytes": needed, "budget": self.budget}
            raise WorkerError("sequence_exceeds_memory", message, **details)


def measure_memory(placement: Placement, parallel: Parallel) -> TrainingMemory:
    """Once, when the base models are loaded; the least of all ranks, so that they all decide alike."""
    if placement.device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(placement.device)
        return TrainingMemory(min(parallel.collect_from_all(int(free * GPU_SHARE))))
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    ranks = len(parallel.collect_from_all(None))
    return TrainingMemory(min(parallel.collect_from_all(int(total * CPU_SHARE) // ranks)))


def _layer_bytes(stage: ModelStage) -> int:
    """Per token."""
    architecture = stage.architecture
    divided = 4 * architecture.query_size + 5 * architecture.intermediate_size
    numbers = 10 * architecture.hidden_size + divided // stage.parallel.tensor.count
    return numbers * stage.dtype.itemsize
