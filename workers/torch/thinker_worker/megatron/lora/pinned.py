"""Weights that a pass or a sequence runs with: those of the moment at which it was opened."""

from __future__ import annotations

from dataclasses import dataclass, field

from thinker_worker.engine import LoraSpec
from thinker_worker.megatron.lora.adapter_state import AdapterShards, Shares
from thinker_worker.megatron.passes.batch import LoraShare
from thinker_worker.megatron.stage import ModelStage


@dataclass(frozen=True)
class PinnedWeights:
    """A base model, alone or with an adapter's shares on this rank."""

    stage: ModelStage
    lora: LoraSpec | None = None
    shards: AdapterShards | None = None
    shares: Shares = field(default_factory=dict)
    passes: int = 0

    def modules(self, shares: Shares) -> dict[str, LoraShare]:
        return {} if self.shards is None else self.shards.modules(shares)
