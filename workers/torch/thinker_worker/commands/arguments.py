"""Arguments of calls, from what travels to the types of the engine's port (protocol/torch-worker.md, Calls)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from thinker_worker.engine import (
    AdamParams,
    AdapterHandle,
    AdapterState,
    FusedTerms,
    LoraSpec,
    PassItem,
    NamedTokens,
    PlainDraws,
    Ragged,
    RunPart,
    RunSlopes,
    SequenceStep,
    WeightsRef,
)

Json = dict[str, Any]


def tensors(entries: list[tuple[str, Tensor]]) -> dict[str, Tensor]:
    return dict(entries)


def lora_spec(value: Json) -> LoraSpec:
    return LoraSpec(
        rank=value["rank"],
        alpha=value["alpha"],
        dropout=value["dropout"],
        target_modules=tuple(value["targetModules"]),
        rs_lora=value["rsLora"],
        seed=value["seed"],
        rank_pattern=value.get("rankPattern") or {},
        alpha_pattern=value.get("alphaPattern") or {},
        excluded_modules=frozenset(value.get("excludedModules") or ()),
    )


def adapter_handle(value: Json) -> AdapterHandle:
    return AdapterHandle(value["id"], value["baseModel"], lora_spec(value["lora"]))


def adapter_state(value: Json) -> AdapterState:
    gradients = value["gradients"]
    return AdapterState(
        weights=tensors(value["weights"]),
        m=tensors(value["m"]),
        v=tensors(value["v"]),
        step=value["step"],
        gradients=None if gradients is None else tensors(gradients),
        gradient_passes=value["gradientPasses"],
        passes=value["passes"],
    )


def adam_params(value: Json) -> AdamParams:
    return AdamParams(
        learning_rate=value["learningRate"],
        beta1=value["beta1"],
        beta2=value["beta2"],
        eps=value["eps"],
        weight_decay=value["weightDecay"],
        grad_clip_norm=value["gradClipNorm"],
    )


def weights_ref(value: Json) -> WeightsRef:
    return WeightsRef(value["kind"], value["baseModel"] if value["kind"] == "base" else value["id"])


def ragged(value: Json) -> Ragged:
    return Ragged(value["data"], value["offsets"], tuple(value.get("trailingShape") or ()))


def pass_item(value: Json) -> PassItem:
    return PassItem(
        weights=weights_ref(value["weights"]),
        train=value["train"],
        tokens=ragged(value["tokens"]),
        targets=ragged(value["targets"]),
        scored=value["scored"],
    )


def run_part(value: Json) -> RunPart:
    return RunPart(value["item"], tuple(value["datums"]))


def run_slopes(value: Json) -> RunSlopes:
    terms = value["terms"]
    return RunSlopes(
        terms=FusedTerms(terms["policy"], terms["low"], terms["high"], terms["beta"]),
        weights=value["weights"],
        sampler_logprobs=value["samplerLogprobs"],
        advantages=value["advantages"],
    )


def sequence_step(value: Json) -> SequenceStep:
    tokens: Tensor = value["tokens"]
    rows, draws, named = value.get("rows"), value.get("draws"), value.get("named")
    last = torch.tensor([tokens.numel() - 1], dtype=torch.int32)
    wanted = None if draws is None else PlainDraws(draws["temperature"], tuple(draws["uniforms"]))
    tokens_of_rows = None if named is None else NamedTokens(named["tokens"], named["offsets"])
    return SequenceStep(value["sequence"], tokens, last if rows is None else rows, wanted, tokens_of_rows)
