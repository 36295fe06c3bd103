"""Which Hugging Face tensors a Megatron parameter is made of, and which part of them a tensor-parallel rank holds.

Megatron orders the rows of `linear_qkv` by key/value group: the query heads of the group, its key head, its value head. A
rank's `linear_fc1` holds its rows of the gate, then its rows of the up projection. Groups, heads and rows are dealt to
ranks in contiguous blocks, so a rank reads one slice of each Hugging Face tensor.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from thinker_worker.megatron.model.architecture import Architecture
from thinker_worker.megatron.model.model_files import ModelFiles


@dataclass(frozen=True)
class Shard:
    """Share `index` of `count`, one per tensor-parallel rank."""

    index: int
    count: int

    def of(self, size: int) -> slice:
        """This rank's block of `size` elements; the last one is short where `count` does not divide `size`."""
        block = -(-size // self.count)
        return slice(min(size, self.index * block), min(size, (self.index + 1) * block))


class Mapping(ABC):
    """One Megatron parameter."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The Hugging Face tensors it is made of."""

    @abstractmethod
    def read(self, files: ModelFiles, shard: Shard) -> Tensor:
        """Reads a rank's share, and no more of the files than that."""

    @abstractmethod
    def restore(self, shares: Sequence[Tensor]) -> dict[str, Tensor]:
        """The Hugging Face tensors, from the shares of all ranks in their order."""


@dataclass(frozen=True)
class Replicated(Mapping):
    name: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, files: ModelFiles, shard: Shard) -> Tensor:
        return files.rows(self.name, slice(None))

    def restore(self, shares: Sequence[Tensor]) -> dict[str, Tensor]:
        return {self.name: shares[0]}


@dataclass(frozen=True)
class VocabRows(Mapping):
    """Embedding and output projection; the last ranks are padded with zeros where the vocabulary does not divide."""

    name: str
    vocab_size: int

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, files: ModelFiles, shard: Shard) -> Tensor:
        rows = files.rows(self.name, shard.of(self.vocab_size))
        missing = -(-self.vocab_size // shard.count) - rows.shape[0]
        return torch.nn.functional.pad(rows, (0, 0, 0, missing))

    def restore(self, shares: Sequence[Tensor]) -> dict[str, Tensor]:
        return {self.name: torch.cat(list(shares))[: self.vocab_size]}


@dataclass(frozen=True)
class Columns(Mapping):
    """A row-parallel weight: each rank takes columns, the inputs that it computes."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def read(self, files: ModelFiles, shard: Shard) -> Tensor:
        return files.columns(self.name, shard.of(files.shape(self.name)[1]))

    def restore(self, shares: Sequence[Tensor]) -> dict[str, Tensor]:
        return {self.name: torch.cat(list(shares), dim=1)}


@dataclass(frozen=True)
class GateAndUp(Mapping):
    gate: str
    up: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.gate, self.up)

    def read(self, files: ModelFiles, shard: Shard) -> Tensor:
        return torch.cat([files.rows(name, shard.of(files.shape(name)[0])) for name in self.names])

    def restore(self, shares: Sequence[Tensor]) -> dict[str, Tensor]:
        halves = [share.chunk(2) for share in shares]
        return {name: torch.cat([half[i] for half in halves]) for i, name in enumerate(self.names)}


@dataclass(frozen=True)
class QueryKeyValue(Mapping):
    """Weights [heads * head_dim, hidden] or biases [heads * head_dim] of the three projections."""

    query: str
    key: str
    value: str
    head_dim: int
    heads_per_group: int

    @property
    def names(self) -> tuple[str, ...]:
        return (self.query, self.key, self.value)

    def read(self, files: ModelFiles, shard: Shard) -> Tensor:
        parts = [files.rows(name, shard.of(files.shape(name)[0])) for name in self.names]
        return interleave(parts, self.head_dim, self.heads_per_group, dim=0)

    def restore(self, shares: Sequence[Tensor]) -> dict[str, Tensor]:
        sizes = [self.heads_per_group * self.head_dim, self.head_dim, self.head_dim]
        grouped = torch.cat(list(shares)).unflatten(0, (-1, sum(sizes)))
        parts = grouped.split(sizes, dim=1)
        return {name: part.flatten(0, 1) for name, part in zip(self.names, parts, strict=True)}


def interleave(parts: Sequence[Tensor], head_dim: int, heads_per_group: int, dim: int) -> Tensor:
    """Query, key and value rows along `dim`, brought into the order of `linear_qkv`."""
    sizes = (heads_per_group * head_dim, head_dim, head_dim)
    dim %= parts[0].dim()
    grouped = [part.unflatten(dim, (-1, size)) for part, size in zip(parts, sizes, strict=True)]
    return torch.cat(grouped, dim=dim + 1).flatten(dim, dim + 1)


def layer_mappings(architecture: Architecture, layer: int) -> Iterator[tuple[str, Mapping]]:
    """The parameters of one decoder layer, by their names within Megatron's layer."""
    at = f"model.layers.{layer}."
    heads_per_group = architecture.head_count // architecture.group_count

    def qkv(kind: str) -> Mapping:
        names = [f"{at}self_attn.{projection}_proj.{kind}" for projection in "qkv"]
        return QueryKeyValue(*names, head_dim=architecture.head_dim, heads_per_group=heads_per_group)

    yield "input_layernorm.weight", Replicated(at + "input_layernorm.weight")
    yield "self_attention.linear_qkv.weight", qkv("weight")
    if architecture.qkv_bias:
        yield "self_attention.linear_qkv.bias", qkv("bias")
    if architecture.head_norm:
        yield "self_attention.q_layernorm.weight", Replicated(at + "self_attn.q_norm.weight")
        yield "self_attention.k_layernorm.weight", Replicated(at + "self_attn.k_norm.weight")
    yield "self_attention.linear_proj.weight", Columns(at + "self_attn.o_proj.weight")
    yield "pre_mlp_layernorm.weight", Replicated(at + "post_attention_layernorm.weight")
    yield "mlp.linear_fc1.weight", GateAndUp(at + "mlp.gate_proj.weight", at + "mlp.up_proj.weight")
    yield "mlp.linear_fc2.weight", Columns(at + "mlp.down_proj.weight")


def embedding_mapping(architecture: Architecture) -> Mapping:
    return VocabRows("model.embed_tokens.weight", architecture.vocab_size)


def output_mapping(architecture: Architecture) -> Mapping:
    """The output projection; of a model with tied embeddings, the embedding."""
    if architecture.tied_embeddings:
        return embedding_mapping(architecture)
    return VocabRows("lm_head.weight", architecture.vocab_size)


def final_norm_mapping() -> Mapping:
    return Replicated("model.norm.weight")
