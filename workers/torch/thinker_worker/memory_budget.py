"""How much memory the backward of a run may take on a rank."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from thinker_worker.errors import WorkerError
from thinker_worker.placement import Placement

# Of a GPU, what is free once the base models are loaded; of a machine, all that its ranks share.
GPU_SHARE = 0.7
CPU_SHARE = 0.5


@dataclass(frozen=True)
class MemoryBudget:
    """In bytes."""

    budget: int

    def require(self, needed: int, datum: int, tokens: int) -> None:
        """@raises WorkerError sequence_exceeds_memory for a datum that needs more by itself"""
        if needed > self.budget:
            message = f"data[{datum}] has {tokens} tokens, for which training needs about {needed} bytes."
            details = {"datum": datum, "tokens": tokens, "bytes": needed, "budget": self.budget}
            raise WorkerError("sequence_exceeds_memory", message, **details)


def free_bytes(placement: Placement, ranks: int) -> int:
    """What a rank may take by itself, measured when the base models are loaded. @param ranks that share a machine"""
    if placement.device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(placement.device)
        return int(free * GPU_SHARE)
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(total * CPU_SHARE) // ranks
