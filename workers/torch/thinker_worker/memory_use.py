"""What memory a rank takes, for its heartbeats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

STATM = Path("/proc/self/statm")


def memory_in_use(local_rank: int) -> dict[str, Any]:
    """The field `memory` of a heartbeat; nothing where the system does not tell."""
    if not STATM.exists():
        return {}
    pages = int(STATM.read_text().split()[1])
    return {"memory": {"processBytes": pages * os.sysconf("SC_PAGE_SIZE"), "gpu": _gpu(local_rank)}}


def _gpu(device: int) -> dict[str, int] | None:
    """What torch's allocator counts itself: the driver might answer late, and a late heartbeat ends the group."""
    if not torch.cuda.is_initialized():
        return None
    total = torch.cuda.get_device_properties(device).total_memory
    return {"heldBytes": torch.cuda.memory_reserved(device), "totalBytes": total}
