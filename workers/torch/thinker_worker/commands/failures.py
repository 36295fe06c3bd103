"""What Node is told of a call that failed (protocol/torch-worker.md, Errors)."""

from __future__ import annotations

import gc
import traceback
from typing import Any

import torch

from thinker_worker.errors import WorkerError

# torch's allocator for the CPU raises a plain RuntimeError, which only its text tells from others.
CPU_ALLOCATOR = "DefaultCPUAllocator"


def describe_failure(error: BaseException) -> dict[str, Any]:
    if isinstance(error, WorkerError):
        return {"kind": error.kind, "code": error.code, "message": str(error), "details": error.details}
    if is_out_of_memory(error):
        return {"kind": "memory", "code": "out_of_memory", "message": str(error), "details": {}}
    text = "".join(traceback.format_exception(error))
    return {"kind": "engine", "code": "worker_failed", "message": f"{type(error).__name__}: {error}", "details": {"traceback": text}}


def release_memory() -> None:
    """Gives back what the call that failed had taken, for the smaller ones that follow it."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and CPU_ALLOCATOR in str(error)
