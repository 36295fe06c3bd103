"""Adapters that live in an engine, each with its whole state on the engine's device.

A state is replaced as a whole, never changed in place: whoever holds one (a pass, a sequence) keeps exactly that one, and
a call that fails leaves the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from thinker_worker.engine import AdamParams, AdapterHandle, AdapterState, AdapterTensors, StepResult, as_float32
from thinker_worker.errors import WorkerError
from thinker_worker.numerics.adamw import adamw_step
from thinker_worker.state.digest import state_digest


@dataclass
class LiveAdapter:
    handle: AdapterHandle
    state: AdapterState


class LiveAdapters:
    """@param check raises where tensors do not fit the adapter's model"""

    def __init__(self, device: torch.device, check: Callable[[AdapterHandle, AdapterTensors], None]) -> None:
        self._device = device
        self._check = check
        self._adapters: dict[str, LiveAdapter] = {}

    def find(self, adapter_id: str) -> LiveAdapter:
        try:
            return self._adapters[adapter_id]
        except KeyError:
            message = f"Adapter '{adapter_id}' is not in the engine's memory."
            raise WorkerError("unknown_adapter", message, id=adapter_id) from None

    def create(self, handle: AdapterHandle, state: AdapterState) -> None:
        self._adapters[handle.id] = LiveAdapter(handle, self._placed(handle, state))

    def delete(self, adapter_id: str) -> None:
        self._adapters.pop(adapter_id, None)

    def export(self, adapter_id: str) -> AdapterState:
        return _moved(self.find(adapter_id).state, as_float32)

    def digest(self, adapter_id: str) -> str:
        return state_digest(self.find(adapter_id).state)

    def import_state(self, adapter_id: str, state: AdapterState, optimizer: bool) -> None:
        """Replaces weights; with `optimizer` also moments and step, else they start fresh. Drops gradients."""
        adapter = self.find(adapter_id)
        if not optimizer:
            state = replace(state, m={}, v={}, step=0, passes=adapter.state.passes)
        kept = replace(state, gradients=None, gradient_passes=0)
        adapter.state = self._placed(adapter.handle, kept)

    def step(self, adapter_id: str, params: AdamParams) -> StepResult:
        """@raises WorkerError no_gradients, non_finite_gradient, non_finite_update"""
        adapter = self.find(adapter_id)
        state = adapter.state
        if state.gradients is None:
            raise WorkerError("no_gradients", "There are no gradients to apply.")
        made = adamw_step(state.weights, state.m, state.v, state.gradients, state.step + 1, params)
        moved = replace(state, weights=made.weights, m=made.m, v=made.v, step=state.step + 1)
        after = replace(moved, gradients=None, gradient_passes=0)
        digest = state_digest(after)
        adapter.state = after
        return StepResult(after.step, made.grad_norm, made.update_norm, made.weight_norm, digest)

    def add_gradients(self, adapter_id: str, gradients: AdapterTensors) -> None:
        """Adds those of one more pass, one for each weight."""
        adapter = self.find(adapter_id)
        state = adapter.state
        before = state.gradients
        total = gradients if before is None else {name: before[name] + gradients[name] for name in before}
        counts = {"gradient_passes": state.gradient_passes + 1, "passes": state.passes + 1}
        adapter.state = replace(state, gradients=total, **counts)

    def drop_gradients(self, adapter_id: str) -> int:
        adapter = self.find(adapter_id)
        dropped = adapter.state.gradient_passes
        adapter.state = replace(adapter.state, gradients=None, gradient_passes=0)
        return dropped

    def _placed(self, handle: AdapterHandle, state: AdapterState) -> AdapterState:
        self._check(handle, state.weights)
        return _moved(state, lambda tensor: tensor.detach().to(device=self._device, dtype=torch.float32, copy=True))


def _moved(state: AdapterState, move: Callable[[Tensor], Tensor]) -> AdapterState:
    def all_of(tensors: AdapterTensors) -> dict[str, Tensor]:
        return {name: move(tensor) for name, tensor in tensors.items()}

    gradients = None if state.gradients is None else all_of(state.gradients)
    return replace(state, weights=all_of(state.weights), m=all_of(state.m), v=all_of(state.v), gradients=gradients)
