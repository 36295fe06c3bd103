"""The engine over transformers: any dense decoder, with the adapters of many requests in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from thinker_worker.engine import (
    AdamParams,
    AdapterHandle,
    AdapterState,
    AdapterTensors,
    Engine,
    EngineInfo,
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
from thinker_worker.hf.base_model import BaseModel, load_base_model
from thinker_worker.hf.kv_cache import CachedSequence
from thinker_worker.hf.passes.pass_items import OpenItem
from thinker_worker.hf.passes.passes import OpenPass
from thinker_worker.hf.rank_group import RankGroup
from thinker_worker.hf.self_check import gives_same_bits
from thinker_worker.hf.sequences import OpenSequence, advance_sequences
from thinker_worker.hf.passes.training_memory import training_memory
from thinker_worker.hf.weights import HeldWeights
from thinker_worker.placement import choose_placement, prepare_torch
from thinker_worker.settings import Settings
from thinker_worker.state.adapters import LiveAdapters

class HfEngine(Engine):
    def __init__(self, settings: Settings, environment: RankEnvironment) -> None:
        self._settings = settings
        self._environment = environment
        self._placement = choose_placement(settings, environment.local_rank)
        # What a request gets must not depend on its company: ways of computing for which that holds are taken.
        self._exact = self._placement.exact and settings.batching != "rounding" and settings.quantization == "none"
        self.bases: dict[str, BaseModel] = {}
        self._adapters = LiveAdapters(self._placement.device, self._require_fits)
        self._weights = HeldWeights(self._placement.device, self._adapters, self._base)
        self.passes: dict[int, OpenPass] = {}
        self._sequences: dict[int, OpenSequence] = {}

    def start(self) -> EngineInfo:
        settings, placement = self._settings, self._placement
        prepare_torch(settings, placement)
        self._group = RankGroup(self._environment, settings, placement)
        shard = settings.shard and self._group.world > 1
        for folder in settings.models:
            self.bases[folder.name] = load_base_model(
                folder, placement, settings.quantization, exact=self._exact, shard=shard
            )
        self._memory = training_memory(placement, self._group)
        on_cpu = placement.device.type == "cpu"
        self.info = EngineInfo(
            device=str(placement.device.type),
            batching=self._batching(),
            repeatability="bitwise" if self._exact else "rounding",
            pass_tokens=settings.pass_tokens or placement.pass_tokens,
            sequence_bytes=None if on_cpu else self._memory.budget // 2,
            models=tuple(_model_info(base) for base in self.bases.values()),
        )
        return self.info

    def stop(self) -> None:
        self._group.close()

    def create_adapter(self, adapter: AdapterHandle, state: AdapterState) -> None:
        self._adapters.create(adapter, state)

    def delete_adapter(self, adapter_id: str) -> None:
        self._adapters.delete(adapter_id)
        self._weights.forget_adapter(adapter_id)

    def export_state(self, adapter_id: str) -> AdapterState | None:
        self._adapters.find(adapter_id)
        return self._adapters.export(adapter_id) if self._environment.rank == 0 else None

    def digest_state(self, adapter_id: str) -> str:
        return self._adapters.digest(adapter_id)

    def describe_state(self, adapter_id: str) -> tuple[int, bool]:
        state = self._adapters.find(adapter_id).state
        return state.step, state.gradients is not None

    def import_state(self, adapter_id: str, state: AdapterState, optimizer: bool) -> None:
        self._adapters.import_state(adapter_id, state, optimizer)

    def step(self, adapter_id: str, params: AdamParams) -> StepResult:
        return self._adapters.step(adapter_id, params)

    def drop_gradients(self, adapter_id: str) -> int:
        return self._adapters.drop_gradients(adapter_id)

    def load_weights(self, adapter: AdapterHandle, weights: AdapterTensors) -> None:
        self._require_fits(adapter, weights)
        self._weights.load(adapter, weights)

    def drop_weights(self, weights_id: str) -> None:
        self._weights.drop(weights_id)

    def open_pass(self, pass_id: int, items: Sequence[PassItem]) -> dict[int, Exception]:
        opened: dict[int, OpenItem] = {}
        refused: dict[int, Exception] = {}
        for number, item in enumerate(items):
            try:
                opened[number] = self._open_item(item)
            except WorkerError as error:
                refused[number] = error
        self.passes[pass_id] = OpenPass(opened, self._group, self._memory)
        return refused

    def forward(self, pass_id: int, parts: Sequence[RunPart]) -> RunLogprobs:
        return self.passes[pass_id].forward(parts)

    def backward(self, pass_id: int, d_logprobs: Sequence[Tensor]) -> None:
        self.passes[pass_id].backward(d_logprobs)

    def fused(self, pass_id: int, parts: Sequence[RunPart], slopes: Sequence[RunSlopes]) -> RunLogprobs:
        return self.passes[pass_id].fused(parts, slopes)

    def keep_gradients(self, pass_id: int, item: int) -> None:
        opened = self.passes[pass_id]
        adapter_id = opened.items[item].item.weights.id
        self._adapters.find(adapter_id)
        self._adapters.add_gradients(adapter_id, opened.gradients(item))

    def close_pass(self, pass_id: int) -> None:
        self.passes.pop(pass_id, None)

    def open_sequence(self, sequence: int, weights: WeightsRef) -> None:
        base, lora = self._weights.sampling(weights)
        own = sequence % self._group.world == self._group.rank
        self._sequences[sequence] = OpenSequence(base, lora, CachedSequence() if own else None)

    def fork_sequence(self, sequence: int, forks: Sequence[int], length: int | None) -> None:
        origin = self._sequences[sequence]
        self._sequences.update({fork: origin.fork(length) for fork in forks})

    def advance(self, steps: Sequence[SequenceStep]) -> list[NextTokens | None]:
        return advance_sequences([(self._sequences[step.sequence], step) for step in steps])

    def close_sequences(self, sequences: Sequence[int]) -> None:
        for sequence in sequences:
            self._sequences.pop(sequence, None)

    def _open_item(self, item: PassItem) -> OpenItem:
        base, lora = self._weights.training(item.weights) if item.train else self._weights.sampling(item.weights)
        offset = int.from_bytes(hashlib.sha256(item.weights.id.encode()).digest()[:4], "little")
        opened = OpenItem(item, base, lora, offset)
        if item.train:
            for datum in range(item.tokens.offsets.numel() - 1):
                self._memory.require_fits(base, datum, opened.tokens_of(datum))
        return opened

    def _batching(self) -> Literal["exact", "rounding", "off"]:
        wanted = self._settings.batching
        if wanted == "off":
            return "off"
        if self._exact and all(map(gives_same_bits, self.bases.values())):
            return "exact"
        return "rounding" if wanted == "rounding" else "off"

    def _base(self, name: str) -> BaseModel:
        try:
            return self.bases[name]
        except KeyError:
            raise unknown_base_model(name, self.bases) from None

    def _require_fits(self, handle: AdapterHandle, weights: AdapterTensors) -> None:
        self._base(handle.base_model).require_fits(handle, weights)


def _model_info(base: BaseModel) -> ModelInfo:
    count = sum(parameter.numel() for parameter in base.model.parameters())
    return ModelInfo(base.name, count, base.cache_bytes_per_token())
