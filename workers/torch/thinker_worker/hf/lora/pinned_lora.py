"""An adapter's weights as a pass or a sequence holds them, whatever becomes of the adapter meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from thinker_worker.engine import AdapterHandle, AdapterTensors, LoraSpec
from thinker_worker.state.lora import A_SUFFIX, B_SUFFIX, lora_modules, lora_scale


@dataclass(frozen=True)
class LoraModule:
    a: Tensor  # [rank, in], float32
    b: Tensor  # [out, rank], float32
    scale: float


@dataclass(frozen=True)
class PinnedLora:
    lora: LoraSpec
    # Passes that the adapter has made; with the seed they decide what drops out.
    passes: int
    # By full name.
    modules: dict[str, LoraModule]
    # Leaves of the gradient, by parameter name; empty where no gradient is wanted.
    leaves: dict[str, Tensor]


def pin(handle: AdapterHandle, weights: AdapterTensors, passes: int, train: bool) -> PinnedLora:
    """Shares the numbers of the tensors, which nobody changes in place."""
    own = {name: tensor.detach().requires_grad_(train) for name, tensor in weights.items()}
    modules = {
        module: LoraModule(own[module + A_SUFFIX], own[module + B_SUFFIX], lora_scale(handle.lora, module))
        for module in lora_modules(own)
    }
    return PinnedLora(handle.lora, passes, modules, own if train else {})
