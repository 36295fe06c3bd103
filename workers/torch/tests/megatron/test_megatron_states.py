"""Optimiser steps, and states on their way in and out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from megatron_models import make_model
from megatron_passes import ADAM, TOLERANCE, difference, train
from peft import LoraConfig, PeftModel
from peft_reference import PREFIX, Datums, Reference, fresh_state, lora_spec
from rank_group import RankGroup
from safetensors.torch import save_file
from thinker_worker.errors import WorkerError
from thinker_worker.numerics.adamw import adamw_step
from thinker_worker.state.digest import state_digest


def cross_entropy(datums: Datums) -> Datums:
    datums.slopes = [-torch.ones_like(slopes) for slopes in datums.slopes]
    return datums


def test_three_steps_are_those_of_torch(group: RankGroup) -> None:
    reference = Reference("qwen2", lora_spec())
    parameters = reference.parameters()
    optimizer = torch.optim.AdamW(parameters.values(), lr=0.01, betas=(0.9, 0.95), eps=ADAM.eps, weight_decay=0.1)
    group.call("create_adapter", reference.handle("a"), reference.state())
    for step in range(1, 4):
        datums = cross_entropy(Datums([6, 9], seed=step))
        train(group, "a", datums)
        result = group.same("step", "a", ADAM)

        optimizer.zero_grad()
        sum(-logprobs.sum() for logprobs in datums.reference(reference)).backward()
        before = reference.weights()
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), ADAM.grad_clip_norm)
        optimizer.step()
        after = reference.weights()

        state = group.one("export_state", "a")
        assert difference(state.weights, after) < TOLERANCE
        assert (result.step, state.step, state.gradients, state.passes) == (step, step, None, step)
        assert result.digest == state_digest(state)
        # Norms are of all ranks' shares, each number counted once.
        assert result.grad_norm == pytest.approx(norm.item(), rel=TOLERANCE)
        assert result.weight_norm == pytest.approx(_norm(after), rel=TOLERANCE)
        change = {name: after[name] - before[name] for name in after}
        assert result.update_norm == pytest.approx(_norm(change), rel=1e-3)  # differences of nearly equal numbers


def _norm(tensors: dict[str, torch.Tensor]) -> float:
    return torch.cat([tensor.flatten() for tensor in tensors.values()]).norm().item()


def test_a_step_gives_the_bits_of_one_process(group: RankGroup) -> None:
    reference = Reference("llama", lora_spec(rank=3))
    group.call("create_adapter", reference.handle("a"), reference.state())
    params = replace(ADAM, grad_clip_norm=0.0)
    for _ in range(2):
        train(group, "a", Datums([4, 4]))
        before = group.one("export_state", "a")
        digest = group.same("step", "a", params).digest
        made = adamw_step(before.weights, before.m, before.v, before.gradients, before.step + 1, params)
        assert digest == state_digest(replace(fresh_state(made.weights), m=made.m, v=made.v, step=before.step + 1))


def test_a_state_goes_out_and_in_unchanged(group: RankGroup) -> None:
    reference = Reference("llama", lora_spec(excluded_modules=frozenset(["model.layers.3.mlp.up_proj", "lm_head"])))
    excluded = ("model.layers.3.mlp.up_proj", "lm_head")
    weights = {name: tensor for name, tensor in reference.weights().items() if not name.startswith(excluded)}
    group.call("create_adapter", reference.handle("a"), fresh_state(weights))
    train(group, "a", Datums([5]))
    group.call("step", "a", ADAM)
    train(group, "a", Datums([7]))
    state = group.one("export_state", "a")
    assert group.same("digest_state", "a") == state_digest(state)
    assert group.same("describe_state", "a") == (1, True)

    group.call("create_adapter", reference.handle("b"), state)
    assert group.same("digest_state", "b") == state_digest(state)
    group.call("import_state", "b", state, True)
    assert group.same("digest_state", "b") == state_digest(replace(state, gradients=None))
    group.call("import_state", "b", state, False)
    assert group.same("digest_state", "b") == state_digest(fresh_state(state.weights))
    # Other weights do not fit; nobody changes.
    with pytest.raises(WorkerError, match="does not fit"):
        group.call("import_state", "b", fresh_state(reference.weights()), True)
    assert group.same("digest_state", "b") == state_digest(fresh_state(state.weights))


def test_peft_loads_what_is_exported(group: RankGroup, tmp_path: Path) -> None:
    reference = Reference("qwen3", lora_spec())
    datums = Datums([8])
    group.call("create_adapter", reference.handle("a"), reference.state())
    train(group, "a", datums)
    group.call("step", "a", ADAM)
    state = group.one("export_state", "a")
    save_file({PREFIX + name: tensor for name, tensor in state.weights.items()}, tmp_path / "adapter_model.safetensors")
    spec = reference.spec
    LoraConfig(r=spec.rank, lora_alpha=spec.alpha, target_modules=list(spec.target_modules)).save_pretrained(tmp_path)
    loaded = PeftModel.from_pretrained(make_model("qwen3"), str(tmp_path))

    (logprobs,) = train(group, "a", datums)
    reference.peft = loaded
    (expected,) = datums.reference(reference)
    assert (logprobs - expected).abs().max() < TOLERANCE


def test_steps_that_cannot_be_made_change_nothing_on_any_rank(group: RankGroup) -> None:
    reference = Reference("llama", lora_spec(targets=("o_proj", "lm_head")))
    group.call("create_adapter", reference.handle("a"), reference.state())
    with pytest.raises(WorkerError) as refused:
        group.call("step", "a", ADAM)
    assert refused.value.code == "no_gradients"

    train(group, "a", Datums([5]))
    state = group.one("export_state", "a")
    # On one rank's share alone: the last rows of the last tensor.
    spoiled = {name: gradient.clone() for name, gradient in state.gradients.items()}
    spoiled["lm_head.lora_B.weight"][-1] = float("inf")
    group.call("create_adapter", reference.handle("a"), replace(state, gradients=spoiled))
    before = group.same("digest_state", "a")
    with pytest.raises(WorkerError) as refused:
        group.call("step", "a", ADAM)
    assert (refused.value.code, refused.value.details["tensor"]) == ("non_finite_gradient", "lm_head.lora_B.weight")
    spoiled["lm_head.lora_B.weight"][-1] = 1e30
    group.call("create_adapter", reference.handle("a"), replace(state, gradients=spoiled))
    with pytest.raises(WorkerError) as refused:
        group.call("step", "a", replace(ADAM, grad_clip_norm=0.0))
    assert refused.value.details == {"tensor": "lm_head.lora_B.weight", "fault": "gradients"}
    assert group.same("describe_state", "a") == (0, True)
    assert group.same("digest_state", "a") != before
    with pytest.raises(WorkerError) as refused:
        group.call("digest_state", "missing")
    assert refused.value.code == "unknown_adapter"
