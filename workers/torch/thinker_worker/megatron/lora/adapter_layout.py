"""The tensors of an adapter in PEFT's layout, and which part of each a rank holds.

A pure function of the model, the LoRA's shape and the rank's coordinates, so every rank knows what the others hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from thinker_worker.engine import LoraSpec
from thinker_worker.megatron.model.architecture import Architecture, unsupported
from thinker_worker.megatron.model.mapping import Shard
from thinker_worker.megatron.parallel import Parallel
from thinker_worker.state.lora import A_SUFFIX, B_SUFFIX, lora_rank

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP = ("gate_proj", "up_proj", "down_proj")
TARGETS = (*ATTENTION, *MLP, "lm_head")


@dataclass(frozen=True)
class AdapterTensor:
    """A tensor in PEFT's layout. The rank holds `block` of dimension `split`, or all of it where that is None."""

    name: str
    shape: tuple[int, int]
    split: int | None
    block: slice
    # Whether this rank counts it in a sum over ranks: tensors that all ranks hold alike are counted once.
    counted: bool

    @property
    def share_shape(self) -> tuple[int, int]:
        rows, columns = self.shape
        size = self.block.stop - self.block.start
        return {None: (rows, columns), 0: (size, columns), 1: (rows, size)}[self.split]

    def share(self, tensor: Tensor) -> Tensor:
        """This rank's part of the whole tensor."""
        if self.split is None:
            return tensor
        return tensor.narrow(self.split, self.block.start, self.block.stop - self.block.start)


def row_parallel(module: str) -> bool:
    return module.endswith((".o_proj", ".down_proj"))


def module_sizes(architecture: Architecture, module: str) -> tuple[int, int]:
    """Outputs and inputs of a projection."""
    hidden, inner = architecture.hidden_size, architecture.intermediate_size
    query, key = architecture.query_size, architecture.key_size
    sizes = {
        "q_proj": (query, hidden),
        "k_proj": (key, hidden),
        "v_proj": (key, hidden),
        "o_proj": (hidden, query),
        "gate_proj": (inner, hidden),
        "up_proj": (inner, hidden),
        "down_proj": (hidden, inner),
        "lm_head": (architecture.vocab_size, hidden),
    }
    return sizes[module.rsplit(".", 1)[-1]]


def stage_modules(architecture: Architecture, lora: LoraSpec, parallel: Parallel, stage: int) -> Iterator[str]:
    """Full names of the modules of one stage that carry a LoRA. Raises WorkerError for targets that no module has."""
    unknown = set(lora.target_modules) - set(TARGETS)
    if unknown:
        raise unsupported(f"LoRA on {', '.join(sorted(unknown))} (it supports {', '.join(TARGETS)})")
    names = [
        f"model.layers.{layer}.{block}.{target}"
        for layer in parallel.layers(architecture.layer_count, stage)
        for block, targets in (("self_attn", ATTENTION), ("mlp", MLP))
        for target in targets
        if target in lora.target_modules
    ]
    if stage == parallel.pipeline.count - 1 and "lm_head" in lora.target_modules:
        names.append("lm_head")
    return (name for name in names if name not in lora.excluded_modules)


def adapter_layout(
    architecture: Architecture, lora: LoraSpec, parallel: Parallel, stage: int, shard: Shard
) -> list[AdapterTensor]:
    """The tensors of the rank with this stage and tensor-parallel share."""
    tensors = []
    for module in stage_modules(architecture, lora, parallel, stage):
        outputs, inputs = module_sizes(architecture, module)
        rank = lora_rank(lora, module)
        by_rows = row_parallel(module)
        whole = shard.index == 0
        a_block = shard.of(inputs) if by_rows else slice(0, inputs)
        b_block = slice(0, outputs) if by_rows else shard.of(outputs)
        a = AdapterTensor(module + A_SUFFIX, (rank, inputs), 1 if by_rows else None, a_block, by_rows or whole)
        b = AdapterTensor(module + B_SUFFIX, (outputs, rank), None if by_rows else 0, b_block, not by_rows or whole)
        tensors += [a, b]
    return tensors
