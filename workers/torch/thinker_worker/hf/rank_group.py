"""All ranks of the group, and what they compute together."""

from __future__ import annotations

import datetime

import torch
import torch.distributed as dist

from thinker_worker.environment import RankEnvironment
from thinker_worker.placement import Placement
from thinker_worker.settings import Settings


class RankGroup:
    """All ranks of the group, for what they compute together."""

    def __init__(self, environment: RankEnvironment, settings: Settings, placement: Placement) -> None:
        self.rank, self.world = environment.rank, environment.world
        self._device = placement.device
        if self.world > 1:
            timeout = datetime.timedelta(seconds=settings.collective_seconds)
            dist.init_process_group(placement.collectives, rank=self.rank, world_size=self.world, timeout=timeout)

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
