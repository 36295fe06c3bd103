"""What Megatron-Core needs to run on a CPU, for tests and development. Does nothing where CUDA is available.

Megatron-Core names the current CUDA device in a few functions that allocate small tensors or move them, also when a model is
built with `use_cpu_initialization`. There the current device is the CPU.
"""

from __future__ import annotations

import torch


def apply() -> None:
    """Makes the current CUDA device mean the CPU. Safe to call repeatedly."""
    if torch.cuda.is_available():
        return
    torch.cuda.current_device = lambda: torch.device("cpu")
    torch.cuda.synchronize = lambda *_args, **_kwargs: None
