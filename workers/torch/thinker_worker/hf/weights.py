"""What passes and sequences run with: base models alone, live adapters as they are now, sampler weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from thinker_worker.engine import AdapterHandle, AdapterTensors, WeightsRef
from thinker_worker.errors import WorkerError
from thinker_worker.hf.base_model import BaseModel
from thinker_worker.hf.lora.pinned_lora import PinnedLora, pin
from thinker_worker.state.adapters import LiveAdapters


@dataclass(frozen=True)
class _Pinned:
    # Weights are replaced, never changed: the same mapping is the same numbers.
    source: AdapterTensors
    lora: PinnedLora


class HeldWeights:
    def __init__(self, device: torch.device, adapters: LiveAdapters, base: Callable[[str], BaseModel]) -> None:
        self._device = device
        self._adapters = adapters
        self._base = base
        self._loaded: dict[str, tuple[AdapterHandle, PinnedLora]] = {}
        # By adapter, so that its sequences share one, and are computed together.
        self._pinned: dict[str, _Pinned] = {}

    def load(self, handle: AdapterHandle, weights: AdapterTensors) -> None:
        own = {name: tensor.to(device=self._device, dtype=torch.float32, copy=True) for name, tensor in weights.items()}
        self._loaded[handle.id] = handle, pin(handle, own, passes=0, train=False)

    def drop(self, weights_id: str) -> None:
        self._loaded.pop(weights_id, None)

    def forget_adapter(self, adapter_id: str) -> None:
        self._pinned.pop(adapter_id, None)

    def training(self, ref: WeightsRef) -> tuple[BaseModel, PinnedLora | None]:
        """With leaves of its own for the gradient. @raises WorkerError unknown_adapter"""
        if ref.kind != "adapter":
            raise ValueError("Only an adapter can be trained.")
        adapter = self._adapters.find(ref.id)
        lora = pin(adapter.handle, adapter.state.weights, adapter.state.passes, train=True)
        return self._base(adapter.handle.base_model), lora

    def sampling(self, ref: WeightsRef) -> tuple[BaseModel, PinnedLora | None]:
        """To be read only. @raises WorkerError unknown_adapter, weights_unknown"""
        if ref.kind == "base":
            return self._base(ref.id), None
        if ref.kind == "weights":
            if ref.id not in self._loaded:
                raise WorkerError("weights_unknown", f"The engine holds no sampler weights '{ref.id}'.", id=ref.id)
            handle, lora = self._loaded[ref.id]
            return self._base(handle.base_model), lora
        return self._live(ref.id)

    def _live(self, adapter_id: str) -> tuple[BaseModel, PinnedLora]:
        adapter = self._adapters.find(adapter_id)
        known = self._pinned.get(adapter_id)
        if known is None or known.source is not adapter.state.weights:
            weights = adapter.state.weights
            known = _Pinned(weights, pin(adapter.handle, weights, adapter.state.passes, train=False))
            self._pinned[adapter_id] = known
        return self._base(adapter.handle.base_model), known.lora
