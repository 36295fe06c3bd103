"""Loads a rank's share of Hugging Face model files, and gives them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.distributed as dist
from megatron.core import parallel_state as ps
from torch import Tensor, nn

from thinker_worker.megatron.model.architecture import Architecture
from thinker_worker.megatron.model.mapping import Mapping, embedding_mapping, final_norm_mapping, layer_mappings, output_mapping
from thinker_worker.megatron.model.model_files import ModelFiles
from thinker_worker.megatron.parallel import Parallel


@dataclass(frozen=True)
class LoadedParameter:
    """A Megatron parameter of this rank and what it is made of."""

    parameter: nn.Parameter
    mapping: Mapping


def stage_mappings(architecture: Architecture, parallel: Parallel) -> Iterator[tuple[str, Mapping]]:
    """The parameters of this rank's stage, by their names in Megatron's model."""
    if parallel.first_stage:
        yield "embedding.word_embeddings.weight", embedding_mapping(architecture)
    for index, layer in enumerate(parallel.layers(architecture.layer_count)):
        for name, mapping in layer_mappings(architecture, layer):
            yield f"decoder.layers.{index}.{name}", mapping
    if parallel.last_stage:
        yield "decoder.final_layernorm.weight", final_norm_mapping()
        # With tied embeddings, a stage that holds both ends of the model has one matrix for both.
        if not (architecture.tied_embeddings and parallel.first_stage):
            yield "output_layer.weight", output_mapping(architecture)


def parameter_count(architecture: Architecture, files: ModelFiles) -> int:
    """Numbers in the whole model."""
    mappings = [embedding_mapping(architecture), final_norm_mapping(), output_mapping(architecture)]
    for layer in range(architecture.layer_count):
        mappings.extend(mapping for _, mapping in layer_mappings(architecture, layer))
    names = {name for mapping in mappings for name in mapping.names}
    return sum(torch.Size(files.shape(name)).numel() for name in names)


def load_parameters(
    model: nn.Module, architecture: Architecture, files: ModelFiles, parallel: Parallel
) -> list[LoadedParameter]:
    """Sets every parameter of this rank's part of the model. Raises when one has no counterpart or another shape."""
    parameters = dict(model.named_parameters())
    loaded = []
    for name, mapping in stage_mappings(architecture, parallel):
        parameter = parameters.pop(name)
        share = mapping.read(files, parallel.tensor)
        if parameter.shape != share.shape:
            raise ValueError(f"{name} has the shape {tuple(parameter.shape)}, the model files give {tuple(share.shape)}.")
        with torch.no_grad():
            parameter.copy_(share)
        loaded.append(LoadedParameter(parameter, mapping))
    if parameters:
        raise ValueError(f"No tensors of the model files belong to {', '.join(parameters)}.")
    return loaded


def hugging_face_tensors(loaded: list[LoadedParameter], parallel: Parallel) -> Iterator[tuple[str, Tensor]]:
    """The whole Hugging Face tensors of this rank's stage, on the CPU, on the first rank of each tensor-parallel group.

    Every rank must run through all of it, since they gather one tensor after another. With tied embeddings and several
    stages, the first and the last give the same tensor.
    """
    group = ps.get_tensor_model_parallel_group()
    for entry in loaded:
        share = entry.parameter.detach().contiguous()
        first = parallel.tensor.index == 0
        shares = [torch.empty_like(share) for _ in range(parallel.tensor.count)] if first else None
        dist.gather(share, shares, dst=dist.get_process_group_ranks(group)[0], group=group)
        if shares is not None:
            for name, tensor in entry.mapping.restore(shares).items():
                yield name, tensor.cpu()
