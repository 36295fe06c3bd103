"""Where a rank computes, and in which type."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import torch
import torch.distributed as dist

from thinker_worker.environment import RankEnvironment
from thinker_worker.settings import Settings


@dataclass(frozen=True)
class Placement:
    device: torch.device
    # Of the base weights.
    dtype: torch.dtype

    @property
    def exact(self) -> bool:
        """Here the same call on the same state gives the same bits, whatever else runs."""
        return self.device.type == "cpu" and self.dtype == torch.float32


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


class RankGroup:
    """All ranks of the group, for what they compute together."""

    def __init__(self, environment: RankEnvironment, settings: Settings, placement: Placement) -> None:
        self.rank, self.world = environment.rank, environment.world
        self._device = placement.device
        if self.world > 1:
            backend = "gloo" if placement.device.type == "cpu" else "cpu:gloo,cuda:nccl"
            timeout = datetime.timedelta(seconds=settings.collective_seconds)
            dist.init_process_group(backend, rank=self.rank, world_size=self.world, timeout=timeout)

    def close(self) -> None:
        if self.world > 1:
            dist.destroy_process_group()

    def sum(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        """Sums over all ranks, by one collective. @param tensors of one type, alike in shape on every rank"""
        if self.world == 1 or not tensors:
            return tensors
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        dist.all_reduce(flat)
        sizes = [tensor.numel() for tensor in tensors]
        return [part.view_as(tensor) for part, tensor in zip(flat.split(sizes), tensors, strict=True)]

    def least(self, number: int) -> int:
        """The smallest of all ranks' numbers, so that they all decide alike."""
        if self.world == 1:
            return number
        found = torch.tensor([number], dtype=torch.int64, device=self._device)
        dist.all_reduce(found, op=dist.ReduceOp.MIN)
        return int(found.item())
