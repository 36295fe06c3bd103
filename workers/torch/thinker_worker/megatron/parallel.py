"""How the ranks of a group share a model.

Ranks are numbered tensor-parallel first, then data-parallel, then pipeline-parallel: the ranks of one tensor-parallel group
are neighbours, on one host where possible. The ranks that hold one whole model are a replica.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar

import torch.distributed as dist
from megatron.core import parallel_state as ps

from thinker_worker.environment import RankEnvironment
from thinker_worker.errors import WorkerError
from thinker_worker.megatron.model.architecture import Architecture, unsupported
from thinker_worker.megatron.model.mapping import Shard
from thinker_worker.placement import Placement
from thinker_worker.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Parallel:
    """The rank's coordinates and groups. `replica` and `world` are gloo groups, for states and decisions on the CPU."""

    tensor: Shard
    pipeline: Shard
    data: Shard
    replica: dist.ProcessGroup
    world: dist.ProcessGroup

    @property
    def first_stage(self) -> bool:
        return self.pipeline.index == 0

    @property
    def last_stage(self) -> bool:
        return self.pipeline.index == self.pipeline.count - 1

    @property
    def gives_results(self) -> bool:
        """Whether this rank gives the results of its replica: log-probs and logits."""
        return self.last_stage and self.tensor.index == 0

    @cached_property
    def replica_ranks(self) -> list[int]:
        return dist.get_process_group_ranks(self.replica)

    @property
    def leads_replica(self) -> bool:
        """Whether this rank gathers the states of its replica."""
        return dist.get_rank() == self.replica_ranks[0]

    def collect(self, value: T) -> list[T]:
        """Small values of all ranks of the replica."""
        return _all_gather(value, self.replica)

    def collect_from_all(self, value: T) -> list[T]:
        """Small values of all ranks."""
        return _all_gather(value, self.world)

    def raise_alike(self, error: WorkerError | None, group: dist.ProcessGroup | None = None) -> None:
        """Raises the first error that a rank of the replica, or of `group`, has; on all of its ranks."""
        for found in _all_gather(error, group or self.replica):
            if found is not None:
                raise found

    def led(self, compute: Callable[[], T]) -> T:
        """What the leading rank of the replica computes, on all of its ranks."""
        box: list[Any] = [compute() if self.leads_replica else None]
        dist.broadcast_object_list(box, src=self.replica_ranks[0], group=self.replica)
        return box[0]

    def layers(self, count: int, stage: int | None = None) -> range:
        """The layers that a stage holds, by default this rank's."""
        index = self.pipeline.index if stage is None else stage
        block = count // self.pipeline.count
        return range(index * block, (index + 1) * block)


def start_parallel(settings: Settings, environment: RankEnvironment, placement: Placement) -> Parallel:
    """Connects this rank with the others and makes Megatron's groups. Raises WorkerError when sizes don't fit."""
    tensor, pipeline, world = settings.tensor, settings.pipeline, environment.world
    if world % (tensor * pipeline):
        raise unsupported(f"{world} ranks with tensor parallelism {tensor} and pipeline parallelism {pipeline}")
    timeout = timedelta(seconds=settings.collective_seconds)
    dist.init_process_group(
        placement.collectives,
        store=dist.HashStore() if world == 1 else None,
        rank=environment.rank,
        world_size=world,
        timeout=timeout,
    )
    ps.initialize_model_parallel(
        tensor_model_parallel_size=tensor,
        pipeline_model_parallel_size=pipeline,
        distributed_timeout_minutes=settings.collective_seconds / 60,
    )
    data = ps.get_data_parallel_rank()
    replicas: dict[int, list[int]] = {}
    for rank, replica in enumerate(_coordinates(data)):
        replicas.setdefault(replica, []).append(rank)
    # Every rank takes part in making every group.
    groups = {
        replica: dist.new_group(ranks, timeout=timeout, backend="gloo") for replica, ranks in sorted(replicas.items())
    }
    return Parallel(
        tensor=Shard(ps.get_tensor_model_parallel_rank(), tensor),
        pipeline=Shard(ps.get_pipeline_model_parallel_rank(), pipeline),
        data=Shard(data, world // (tensor * pipeline)),
        replica=groups[data],
        world=dist.new_group(timeout=timeout, backend="gloo"),
    )


def _coordinates(own: int) -> list[int]:
    values: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(values, own)
    return values


def _all_gather(value: T, group: dist.ProcessGroup) -> list[T]:
    values: list[Any] = [None] * dist.get_world_size(group)
    dist.all_gather_object(values, value, group=group)
    return values


def require_divisible(architecture: Architecture, tensor: int, pipeline: int) -> None:
    """Raises WorkerError naming the size that the ranks do not divide."""
    if architecture.group_count < tensor:
        raise unsupported(
            f"tensor parallelism {tensor} for a model of {architecture.group_count} key/value heads: "
            "each rank needs a whole one. Use less tensor parallelism and more pipeline parallelism"
        )
    sizes = {
        "num_attention_heads": (architecture.head_count, tensor, "tensor"),
        "num_key_value_heads": (architecture.group_count, tensor, "tensor"),
        "intermediate_size": (architecture.intermediate_size, tensor, "tensor"),
        "num_hidden_layers": (architecture.layer_count, pipeline, "pipeline"),
    }
    for field, (size, ranks, kind) in sizes.items():
        if size % ranks:
            raise unsupported(f"{kind} parallelism {ranks}, which does not divide {field} {size}")
