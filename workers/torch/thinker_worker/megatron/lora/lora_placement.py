"""Where the projections that PEFT names are in Megatron's model."""

from __future__ import annotations

from functools import partial

import torch
from megatron.core.models.gpt.gpt_model import GPTModel
from torch import Tensor

from thinker_worker.megatron.lora.adapter_layout import module_sizes, row_parallel
from thinker_worker.megatron.model.architecture import Architecture
from thinker_worker.megatron.passes.batch import Running
from thinker_worker.megatron.lora.lora import Branch, LoraLinear
from thinker_worker.megatron.model.mapping import interleave
from thinker_worker.megatron.parallel import Parallel


def insert_lora(model: GPTModel, architecture: Architecture, parallel: Parallel, running: Running) -> None:
    """Puts a LoraLinear in front of every linear of this rank's stage that can carry a LoRA."""

    def branch(module: str) -> Branch:
        outputs, inputs = module_sizes(architecture, module)
        by_rows = row_parallel(module)
        shard = parallel.tensor
        return Branch(
            module=module,
            size=outputs if by_rows else -(-outputs // shard.count),
            row_parallel=by_rows,
            inputs=shard.of(inputs) if by_rows else slice(0, inputs),
            input_size=inputs,
        )

    for layer, number in zip(model.decoder.layers, parallel.layers(architecture.layer_count), strict=True):
        attention, mlp = f"model.layers.{number}.self_attn.", f"model.layers.{number}.mlp."
        query_key_value = [branch(attention + name) for name in ("q_proj", "k_proj", "v_proj")]
        gate_and_up = [branch(mlp + name) for name in ("gate_proj", "up_proj")]
        own, dense = layer.self_attention, layer.mlp
        join = partial(_join_heads, architecture=architecture)
        own.linear_qkv = LoraLinear(own.linear_qkv, query_key_value, running, join)
        own.linear_proj = LoraLinear(own.linear_proj, [branch(attention + "o_proj")], running, _only)
        dense.linear_fc1 = LoraLinear(dense.linear_fc1, gate_and_up, running, partial(torch.cat, dim=-1))
        dense.linear_fc2 = LoraLinear(dense.linear_fc2, [branch(mlp + "down_proj")], running, _only)
    if parallel.last_stage:
        model.output_layer = LoraLinear(model.output_layer, [branch("lm_head")], running, _only)


def _join_heads(deltas: list[Tensor], architecture: Architecture) -> Tensor:
    heads_per_group = architecture.head_count // architecture.group_count
    return interleave(deltas, architecture.head_dim, heads_per_group, dim=-1)


def _only(deltas: list[Tensor]) -> Tensor:
    return deltas[0]
