"""The port between the command loop and an engine.

An engine runs models on one rank of a group. Every rank gets the same calls in the same order, so a method may use
collectives; it returns the rank's own share of the result. See protocol/torch-worker.md for the meaning of each call and
src/compute/model-engine.ts for the contract.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

# Tensors of an adapter by PEFT's parameter names without the prefix `base_model.model.`.
AdapterTensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class LoraSpec:
    """Everything that shapes an adapter; src/domain/adapter/lora-spec.ts."""

    rank: int
    alpha: float
    dropout: float
    target_modules: tuple[str, ...]
    rs_lora: bool
    seed: int | str
    rank_pattern: Mapping[str, int] = field(default_factory=dict)
    alpha_pattern: Mapping[str, float] = field(default_factory=dict)
    excluded_modules: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AdapterHandle:
    id: str
    base_model: str
    lora: LoraSpec


@dataclass(frozen=True)
class AdapterState:
    """Whole state of an adapter; all tensors float32 on the CPU."""

    weights: AdapterTensors
    m: AdapterTensors
    v: AdapterTensors
    step: int
    gradients: AdapterTensors | None
    gradient_passes: int
    passes: int


@dataclass(frozen=True)
class WeightsRef:
    """The base model `id` alone, a live adapter, or sampler weights."""

    kind: Literal["base", "adapter", "weights"]
    id: str


@dataclass(frozen=True)
class Ragged:
    """Numbers of many datums: datum i owns rows offsets[i] .. offsets[i + 1] of `data`, each of `trailing_shape`."""

    data: Tensor
    offsets: Tensor
    trailing_shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class PassItem:
    weights: WeightsRef
    train: bool
    tokens: Ragged
    # [N] or [N, K] token ids whose log-probs are wanted.
    targets: Ragged
    # Per position, 1 where log-probs are wanted.
    scored: Tensor


@dataclass(frozen=True)
class RunPart:
    item: int
    datums: tuple[int, ...]


@dataclass(frozen=True)
class FusedTerms:
    """The formula of dLoss/dlogprob; src/domain/loss.ts."""

    policy: Literal["weights", "ratio", "clipped_ratio", "dro"]
    low: float
    high: float
    beta: float


@dataclass(frozen=True)
class RunSlopes:
    """Inputs of the formula for one part, laid out as its log-probs, datum by datum."""

    terms: FusedTerms
    weights: Tensor
    sampler_logprobs: Tensor
    advantages: Tensor


@dataclass(frozen=True)
class AdamParams:
    """src/domain/adapter/adam-params.ts."""

    learning_rate: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float
    grad_clip_norm: float


@dataclass(frozen=True)
class StepResult:
    step: int
    grad_norm: float
    update_norm: float
    weight_norm: float
    digest: str


@dataclass(frozen=True)
class PlainDraws:
    """Draws from the model's distribution; at temperature 0 the most likely token, of equal ones the lowest id."""

    temperature: float
    # A number in [0, 1) for each draw.
    uniforms: tuple[float, ...]


@dataclass(frozen=True)
class NamedTokens:
    """Tokens by row: those of row i are tokens[offsets[i] : offsets[i + 1]]."""

    tokens: Tensor
    offsets: Tensor  # [rows + 1], int32


@dataclass(frozen=True)
class SequenceStep:
    sequence: int
    tokens: Tensor
    # Positions in `tokens` after which the next token is asked for.
    rows: Tensor
    # Where Node needs nothing but draws of the last row.
    draws: PlainDraws | None = None
    # Where Node needs nothing but the logits of these tokens of the first rows.
    named: NamedTokens | None = None


@dataclass(frozen=True)
class NextTokens:
    logits: Tensor  # [rows, vocab], float32, without the rows that have named tokens; of drawn tokens [draws]
    log_sums: Tensor  # [rows]: log-sum-exp of each row
    # [draws], int32; None: Node has to draw from the row.
    drawn: Tensor | None = None
    # [named tokens], float32: their logits, row by row.
    named: Tensor | None = None


@dataclass(frozen=True)
class ModelInfo:
    name: str
    parameter_count: int
    cache_bytes_per_token: int


@dataclass(frozen=True)
class EngineInfo:
    device: str
    batching: Literal["exact", "rounding", "off"]
    repeatability: Literal["bitwise", "rounding"]
    pass_tokens: int
    # Memory that all open sequences may take together; None: the host decides.
    sequence_bytes: int | None
    models: tuple[ModelInfo, ...]


# Per part, per datum: log-probs [scored positions * K], or None where another rank has them.
RunLogprobs = list[list[Tensor | None]]


class Engine(ABC):
    """What a rank can do. Methods raise WorkerError (errors.py) for foreseen failures and then have changed nothing."""

    @abstractmethod
    def start(self) -> EngineInfo: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def create_adapter(self, adapter: AdapterHandle, state: AdapterState) -> None: ...

    @abstractmethod
    def delete_adapter(self, adapter_id: str) -> None: ...

    @abstractmethod
    def export_state(self, adapter_id: str) -> AdapterState | None:
        """The whole state on one rank, None on the others."""

    @abstractmethod
    def digest_state(self, adapter_id: str) -> str: ...

    @abstractmethod
    def describe_state(self, adapter_id: str) -> tuple[int, bool]:
        """Optimiser steps taken, and whether gradients wait for one."""

    @abstractmethod
    def import_state(self, adapter_id: str, state: AdapterState, optimizer: bool) -> None: ...

    @abstractmethod
    def step(self, adapter_id: str, params: AdamParams) -> StepResult: ...

    @abstractmethod
    def drop_gradients(self, adapter_id: str) -> int: ...

    @abstractmethod
    def load_weights(self, adapter: AdapterHandle, weights: AdapterTensors) -> None: ...

    @abstractmethod
    def drop_weights(self, weights_id: str) -> None: ...

    @abstractmethod
    def open_pass(self, pass_id: int, items: Sequence[PassItem]) -> dict[int, Exception]:
        """Opens a pass. Returns the items that cannot run, by index, each with its error."""

    @abstractmethod
    def forward(self, pass_id: int, parts: Sequence[RunPart]) -> RunLogprobs: ...

    @abstractmethod
    def backward(self, pass_id: int, d_logprobs: Sequence[Tensor]) -> None:
        """Adds the gradients of the last forward, given dLoss/dlogprob of each whole part."""

    @abstractmethod
    def fused(self, pass_id: int, parts: Sequence[RunPart], slopes: Sequence[RunSlopes]) -> RunLogprobs: ...

    @abstractmethod
    def keep_gradients(self, pass_id: int, item: int) -> None: ...

    @abstractmethod
    def close_pass(self, pass_id: int) -> None: ...

    @abstractmethod
    def open_sequence(self, sequence: int, weights: WeightsRef) -> None: ...

    @abstractmethod
    def fork_sequence(self, sequence: int, forks: Sequence[int], length: int | None) -> None: ...

    @abstractmethod
    def advance(self, steps: Sequence[SequenceStep]) -> list[NextTokens | None]: ...

    @abstractmethod
    def close_sequences(self, sequences: Sequence[int]) -> None: ...


def as_float32(tensor: Tensor) -> Tensor:
    """A contiguous float32 copy on the CPU, as states travel."""
    return tensor.detach().to(device="cpu", dtype=torch.float32, copy=True).contiguous()
