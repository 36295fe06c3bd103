"""An adapter's state on one rank, and its way from and to the whole state.

The rank holds its part of each tensor (adapter_layout.py) in float32 on the device. A state is replaced as a whole, never
changed in place, so an open pass or sequence keeps the one that it began with, and a call that fails leaves the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import torch
import torch.distributed as dist
from torch import Tensor

from thinker_worker.engine import AdapterHandle, AdapterState, AdapterTensors, as_float32
from thinker_worker.errors import WorkerError
from thinker_worker.megatron.lora.adapter_layout import AdapterTensor, adapter_layout
from thinker_worker.megatron.model.architecture import Architecture
from thinker_worker.megatron.passes.batch import LoraShare
from thinker_worker.megatron.model.mapping import Shard
from thinker_worker.megatron.parallel import Parallel
from thinker_worker.state.lora import A_SUFFIX, B_SUFFIX, lora_modules, lora_scale

Shares = Mapping[str, Tensor]


@dataclass(frozen=True)
class ShardedState:
    weights: Shares
    # None before the first step. (Empty means that this rank holds no part of the adapter.)
    m: Shares | None
    v: Shares | None
    step: int = 0
    gradients: Shares | None = None
    gradient_passes: int = 0
    passes: int = 0

    def without_gradients(self) -> ShardedState:
        return replace(self, gradients=None, gradient_passes=0)

    def with_pass(self, gradients: Shares) -> ShardedState:
        """Adds the gradients of one more pass."""
        summed = gradients
        if self.gradients is not None:
            summed = {name: gradient + gradients[name] for name, gradient in self.gradients.items()}
        return replace(self, gradients=summed, gradient_passes=self.gradient_passes + 1, passes=self.passes + 1)


class AdapterShards:
    """Where the tensors of an adapter are in a replica."""

    def __init__(self, architecture: Architecture, adapter: AdapterHandle, parallel: Parallel) -> None:
        self._parallel = parallel
        self._adapter = adapter
        # By rank of the replica; see parallel.py for their order.
        self._layouts = [
            adapter_layout(architecture, adapter.lora, parallel, stage, Shard(index, parallel.tensor.count))
            for stage in range(parallel.pipeline.count)
            for index in range(parallel.tensor.count)
        ]
        self.own = self._layouts[parallel.pipeline.index * parallel.tensor.count + parallel.tensor.index]

    def share(self, tensors: AdapterTensors, device: torch.device) -> Shares:
        """This rank's part of the whole tensors. Raises WorkerError `adapter_mismatch` when they are not the adapter's."""
        expected = {tensor.name: tensor.shape for layout in self._layouts for tensor in layout}
        given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        if given != expected:
            problem = f"these tensors or shapes differ: {sorted(given.items() ^ expected.items())[:4]}"
            message = f"The given state does not fit adapter '{self._adapter.id}': {problem}."
            raise WorkerError("adapter_mismatch", message, id=self._adapter.id, problem=problem)
        return {
            entry.name: as_float32(entry.share(tensors[entry.name])).to(device)  # a copy, whoever owns the whole
            for entry in self.own
        }

    def share_state(self, state: AdapterState, device: torch.device) -> ShardedState:
        def moments(tensors: AdapterTensors) -> Shares | None:
            return self.share(tensors, device) if tensors else None

        return ShardedState(
            weights=self.share(state.weights, device),
            m=moments(state.m),
            v=moments(state.v),
            step=state.step,
            gradients=None if state.gradients is None else self.share(state.gradients, device),
            gradient_passes=state.gradient_passes,
            passes=state.passes,
        )

    def modules(self, weights: Shares) -> dict[str, LoraShare]:
        """The LoRA of each module of this stage, by the module's full name."""
        return {
            name: LoraShare(weights[name + A_SUFFIX], weights[name + B_SUFFIX], lora_scale(self._adapter.lora, name))
            for name in lora_modules(weights)
        }

    def gather_state(self, state: ShardedState) -> AdapterState | None:
        """The whole state on the leading rank of the replica, None on the others; all of them must call it."""
        groups = (state.weights, state.m, state.v, state.gradients)
        weights, m, v, gradients = (None if shares is None else self._gather(shares) for shares in groups)
        if weights is None:
            return None
        m, v = m or {}, v or {}
        return AdapterState(weights, m, v, state.step, gradients, state.gradient_passes, state.passes)

    def _gather(self, shares: Shares) -> AdapterTensors | None:
        """The whole tensors, on the CPU of the leading rank; each number travels once, from one rank that holds it."""
        own = _flatten(shares[entry.name] for entry in self.own if entry.counted)
        if not self._parallel.leads_replica:
            dist.send(own, dst=self._parallel.replica_ranks[0], group=self._parallel.replica)
            return None
        pieces: dict[str, list[Tensor]] = {}
        splits: dict[str, int | None] = {}
        for rank, layout in zip(self._parallel.replica_ranks, self._layouts, strict=True):
            counted = [entry for entry in layout if entry.counted]
            for entry, piece in zip(counted, self._receive(rank, counted, own), strict=True):
                pieces.setdefault(entry.name, []).append(piece)
                splits[entry.name] = entry.split
        return {name: _join(parts, splits[name]) for name, parts in pieces.items()}

    def _receive(self, rank: int, entries: list[AdapterTensor], own: Tensor) -> list[Tensor]:
        sizes = [torch.Size(entry.share_shape).numel() for entry in entries]
        flat = own
        if rank != self._parallel.replica_ranks[0]:
            flat = torch.empty(sum(sizes), dtype=torch.float32)
            dist.recv(flat, src=rank, group=self._parallel.replica)
        return [part.view(entry.share_shape) for part, entry in zip(flat.split(sizes), entries, strict=True)]


def _flatten(tensors: Iterable[Tensor]) -> Tensor:
    parts = [tensor.detach().reshape(-1).cpu() for tensor in tensors]
    return torch.cat(parts) if parts else torch.empty(0)


def _join(parts: list[Tensor], split: int | None) -> Tensor:
    return parts[0].clone() if split is None else torch.cat(parts, dim=split)
