"""Where a rank computes, and in which type."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from thinker_worker.settings import Settings


# Tokens of a run beyond which sharing it gains nothing.
CPU_PASS_TOKENS = 1024
GPU_PASS_TOKENS = 8192


@dataclass(frozen=True)
class Placement:
    device: torch.device
    # Of the base weights.
    dtype: torch.dtype

    @property
    def exact(self) -> bool:
        """Here the same call on the same state gives the same bits, whatever else runs."""
        return self.device.type == "cpu" and self.dtype == torch.float32

    @property
    def collectives(self) -> str:
        """The backends of a process group whose ranks compute here."""
        return "gloo" if self.device.type == "cpu" else "cpu:gloo,cuda:nccl"

    @property
    def pass_tokens(self) -> int:
        """Most tokens of a run, where the settings leave it open."""
        return CPU_PASS_TOKENS if self.device.type == "cpu" else GPU_PASS_TOKENS


def choose_placement(settings: Settings, local_rank: int) -> Placement:
    """@raises RuntimeError when a GPU is asked for and there is none for this rank"""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if settings.device == "cuda" and local_rank >= gpus:
        raise RuntimeError(
            f"The device is set to cuda, but torch sees {gpus} GPUs, and this is rank {local_rank} of its host. "
            "Check the driver and whether torch is a CUDA build, start fewer ranks, or set the device to cpu."
        )
    on_gpu = settings.device != "cpu" and local_rank < gpus
    device = torch.device("cuda", local_rank) if on_gpu else torch.device("cpu")
    automatic = torch.bfloat16 if on_gpu else torch.float32
    return Placement(device, automatic if settings.dtype == "auto" else getattr(torch, settings.dtype))


def prepare_torch(settings: Settings, placement: Placement) -> None:
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    if placement.device.type == "cuda":
        torch.cuda.set_device(placement.device)
    if settings.deterministic:
        torch.use_deterministic_algorithms(True)
