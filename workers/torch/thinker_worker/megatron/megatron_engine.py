"""The `megatron` engine: the port's calls, carried out by tensor-, pipeline- and data-parallel ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch.distributed as dist
from megatron.core import parallel_state as ps
from torch import Tensor

from thinker_worker.engine import (
    AdamParams,
    AdapterHandle,
    AdapterState,
    AdapterTensors,
    Engine,
    EngineInfo,
    LoraSpec,
    ModelInfo,
    NextTokens,
    PassItem,
    RunLogprobs,
    RunPart,
    RunSlopes,
    SequenceStep,
    StepResult,
    WeightsRef,
)
from thinker_worker.environment import RankEnvironment
from thinker_worker.errors import WorkerError, unknown_base_model
from thinker_worker.megatron.lora.adapter_state import AdapterShards, ShardedState
from thinker_worker.megatron.model.architecture import unsupported
from thinker_worker.megatron.optimizer import sharded_step
from thinker_worker.megatron.parallel import start_parallel
from thinker_worker.megatron.passes.passes import OpenItem, OpenPass
from thinker_worker.megatron.lora.pinned import PinnedWeights
from thinker_worker.megatron.sequences import Sequences
from thinker_worker.megatron.stage import ModelStage
from thinker_worker.megatron.passes.training_memory import measure_memory
from thinker_worker.placement import choose_placement, prepare_torch
from thinker_worker.settings import Settings
from thinker_worker.state.digest import state_digest


@dataclass
class _LiveAdapter:
    stage: ModelStage
    lora: LoraSpec
    shards: AdapterShards
    state: ShardedState


class MegatronEngine(Engine):
    """One rank. `tensor * pipeline` ranks hold a model; as many replicas as there are ranks for are data-parallel."""

    def __init__(self, settings: Settings, environment: RankEnvironment) -> None:
        _refuse_settings(settings)
        self._settings = settings
        placement = choose_placement(settings, environment.local_rank)
        prepare_torch(settings, placement)
        self._placement = placement
        self._parallel = start_parallel(settings, environment, placement)
        self._sequences = Sequences(self._parallel)
        self._stages: dict[str, ModelStage] = {}
        self._adapters: dict[str, _LiveAdapter] = {}
        self._weights: dict[str, PinnedWeights] = {}
        self._passes: dict[int, OpenPass] = {}

    def start(self) -> EngineInfo:
        placement = self._placement
        for model in self._settings.models:
            stage = ModelStage(Path(model.folder), self._parallel, placement)
            self._stages[model.name] = stage
        self._memory = measure_memory(placement, self._parallel, dist.get_world_size())
        on_cpu = placement.device.type == "cpu"
        return EngineInfo(
            device=placement.device.type,
            # What a row gives depends on how many rows share its matrix products, by rounding.
            batching="rounding" if self._settings.batching == "rounding" else "off",
            repeatability="bitwise" if placement.exact else "rounding",
            pass_tokens=self._settings.pass_tokens or placement.pass_tokens,
            sequence_bytes=None if on_cpu else self._memory.budget // 2,
            models=tuple(
                ModelInfo(name, stage.parameter_count, stage.cache_bytes_per_token) for name, stage in self._stages.items()
            ),
        )

    def stop(self) -> None:
        self._stages.clear()
        self._adapters.clear()
        self._weights.clear()
        ps.destroy_model_parallel()
        dist.destroy_process_group()

    def create_adapter(self, adapter: AdapterHandle, state: AdapterState) -> None:
        stage = self._stage(adapter.base_model)
        shards = AdapterShards(stage.architecture, adapter, self._parallel)
        self._adapters[adapter.id] = _LiveAdapter(stage, adapter.lora, shards, shards.share_state(state, stage.device))

    def delete_adapter(self, adapter_id: str) -> None:
        self._adapters.pop(adapter_id, None)

    def export_state(self, adapter_id: str) -> AdapterState | None:
        adapter = self._adapter(adapter_id)
        whole = adapter.shards.gather_state(adapter.state)
        return whole if self._parallel.data.index == 0 else None

    def digest_state(self, adapter_id: str) -> str:
        adapter = self._adapter(adapter_id)
        return self._digest(adapter.shards, adapter.state)

    def describe_state(self, adapter_id: str) -> tuple[int, bool]:
        state = self._adapter(adapter_id).state
        return state.step, state.gradients is not None

    def import_state(self, adapter_id: str, state: AdapterState, optimizer: bool) -> None:
        adapter = self._adapter(adapter_id)
        given = adapter.shards.share_state(state, adapter.stage.device).without_gradients()
        if not optimizer:
            given = replace(given, m=None, v=None, step=0, passes=adapter.state.passes)
        adapter.state = given

    def step(self, adapter_id: str, params: AdamParams) -> StepResult:
        adapter = self._adapter(adapter_id)
        stepped, norms = sharded_step(adapter.state, params, adapter.shards, self._parallel)
        digest = self._digest(adapter.shards, stepped)
        adapter.state = stepped
        return StepResult(stepped.step, norms.gradient, norms.update, norms.weight, digest)

    def drop_gradients(self, adapter_id: str) -> int:
        adapter = self._adapter(adapter_id)
        dropped = adapter.state.gradient_passes
        adapter.state = adapter.state.without_gradients()
        return dropped

    def load_weights(self, adapter: AdapterHandle, weights: AdapterTensors) -> None:
        stage = self._stage(adapter.base_model)
        shards = AdapterShards(stage.architecture, adapter, self._parallel)
        self._weights[adapter.id] = PinnedWeights(stage, adapter.lora, shards, shards.share(weights, stage.device))

    def drop_weights(self, weights_id: str) -> None:
        self._weights.pop(weights_id, None)

    def open_pass(self, pass_id: int, items: Sequence[PassItem]) -> dict[int, Exception]:
        opened: dict[int, OpenItem] = {}
        refused: dict[int, Exception] = {}
        for index, item in enumerate(items):
            try:
                opened[index] = self._open_item(item)
            except WorkerError as error:
                refused[index] = error
        self._passes[pass_id] = OpenPass(opened, self._parallel, self._memory)
        return refused

    def forward(self, pass_id: int, parts: Sequence[RunPart]) -> RunLogprobs:
        return self._passes[pass_id].forward(parts)

    def backward(self, pass_id: int, d_logprobs: Sequence[Tensor]) -> None:
        self._passes[pass_id].backward(d_logprobs)

    def fused(self, pass_id: int, parts: Sequence[RunPart], slopes: Sequence[RunSlopes]) -> RunLogprobs:
        return self._passes[pass_id].fused(parts, slopes)

    def keep_gradients(self, pass_id: int, item: int) -> None:
        opened, gradients = self._passes[pass_id].gradients(item)
        weights = opened.item.weights
        if weights.kind != "adapter":
            raise ValueError("Only an adapter has gradients.")
        adapter = self._adapter(weights.id)
        adapter.state = adapter.state.with_pass(gradients)

    def close_pass(self, pass_id: int) -> None:
        self._passes.pop(pass_id, None)

    def open_sequence(self, sequence: int, weights: WeightsRef) -> None:
        self._sequences.open(sequence, self._pinned(weights))

    def fork_sequence(self, sequence: int, forks: Sequence[int], length: int | None) -> None:
        self._sequences.fork(sequence, forks, length)

    def advance(self, steps: Sequence[SequenceStep]) -> list[NextTokens | None]:
        return self._sequences.advance(steps)

    def close_sequences(self, sequences: Sequence[int]) -> None:
        self._sequences.close(sequences)

    def _open_item(self, item: PassItem) -> OpenItem:
        opened = OpenItem(item, self._pinned(item.weights))
        if item.train:
            for datum in opened.datums:
                self._memory.require_fits(opened.stage, datum, opened.length(datum))
        return opened

    def _digest(self, shards: AdapterShards, state: ShardedState) -> str:
        """Every replica gathers and digests its own state, so that replicas that drift apart are noticed."""
        whole = shards.gather_state(state)
        return self._parallel.led(lambda: state_digest(whole))

    def _pinned(self, weights: WeightsRef) -> PinnedWeights:
        if weights.kind == "base":
            return PinnedWeights(self._stage(weights.id))
        if weights.kind == "weights":
            if weights.id not in self._weights:
                raise WorkerError("weights_unknown", f"No weights are loaded as {weights.id!r}.", id=weights.id)
            return self._weights[weights.id]
        adapter = self._adapter(weights.id)
        return PinnedWeights(adapter.stage, adapter.lora, adapter.shards, adapter.state.weights, adapter.state.passes)

    def _adapter(self, adapter_id: str) -> _LiveAdapter:
        if adapter_id not in self._adapters:
            raise WorkerError("unknown_adapter", f"No adapter {adapter_id!r} is loaded.", id=adapter_id)
        return self._adapters[adapter_id]

    def _stage(self, base_model: str) -> ModelStage:
        if base_model not in self._stages:
            raise unknown_base_model(base_model, self._stages)
        return self._stages[base_model]


def _refuse_settings(settings: Settings) -> None:
    if settings.quantization != "none":
        raise unsupported(f"base weights quantized as {settings.quantization}")
    if settings.shard:
        raise unsupported("FSDP2 (it divides models by tensor and pipeline parallelism)")
