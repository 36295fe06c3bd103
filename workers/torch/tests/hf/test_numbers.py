"""Numbers against transformers and PEFT in one process."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from rank_engine import FUSED_LINEARS, LINEARS, make_adapter, make_item, numbers_of, run_pass, start_engine
from reference import Reference
from thinker_worker.engine import AdamParams, FusedTerms, RunPart, RunSlopes
from hf_models import COMMON, FAMILIES, make_model
from torch import Tensor

# float32 has 1.2e-7 of relative precision; sums of some hundred terms in another order lose two digits of it.
TOLERANCE = 2e-5
# After three steps. Adam divides by the size of a gradient, so that where one is all rounding, so is its step, and later
# gradients are those of other weights: by processor and number of threads, weights were up to 4.6e-5 apart and moments up
# to 9.3e-5. Steps without weight decay would be off by 4.5e-4, another beta1 by 0.1.
WEIGHTS_TOLERANCE = 1e-4
MOMENTS_TOLERANCE = 5e-4
VOCABULARY = COMMON["vocab_size"]
LENGTHS = (7, 1, 23, 12)
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")


def targets_of(family: str) -> tuple[str, ...]:
    return {"phi3": FUSED_LINEARS, "qwen3_moe": ATTENTION}.get(family, LINEARS)


def close(found: Tensor, expected: Tensor, what: str) -> None:
    """Within TOLERANCE of the largest number."""
    assert found.shape == expected.shape
    distance = float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-3))
    assert distance < TOLERANCE, what


def near(found: Tensor, expected: Tensor, tolerance: float, what: str) -> None:
    """As close(), by L2 norms."""
    assert float((found - expected).norm() / expected.norm()) < tolerance, what


@pytest.mark.parametrize("family", FAMILIES)
def test_log_probs_and_gradients_are_those_of_transformers_and_peft(family: str, tmp_path: Path) -> None:
    folder = make_model(family, tmp_path)
    engine = start_engine(folder)
    handle = make_adapter(engine, "a", 3, targets_of(family))
    reference = Reference(folder, handle.lora, engine.export_state("a").weights)  # type: ignore[union-attr]
    item = make_item("a", LENGTHS, 5, VOCABULARY, targets=2)
    slopes = torch.linspace(-1, 1, numbers_of(item))
    [found] = run_pass(engine, [item], d_logprobs=[slopes])
    expected = reference.logprobs(item)
    close(found, expected.detach(), "log-probs")
    expected.backward(slopes)
    gradients = engine.export_state("a").gradients  # type: ignore[union-attr]
    assert gradients is not None
    for name, parameter in reference.parameters.items():
        assert parameter.grad is not None
        close(gradients[name], parameter.grad, name)


def test_a_lora_on_a_tied_output_projection_leaves_the_embedding_alone(tmp_path: Path) -> None:
    folder = make_model("llama", tmp_path)
    engine = start_engine(folder)
    handle = make_adapter(engine, "a", 3, ("lm_head", "v_proj"))
    reference = Reference(folder, handle.lora, engine.export_state("a").weights)  # type: ignore[union-attr]
    item = make_item("a", LENGTHS, 5, VOCABULARY)
    [found] = run_pass(engine, [item], fused=True)
    expected = reference.logprobs(item)
    close(found, expected.detach(), "log-probs")
    (-expected.sum()).backward()
    gradients = engine.export_state("a").gradients  # type: ignore[union-attr]
    for name, parameter in reference.parameters.items():
        close(gradients[name], parameter.grad, name)  # type: ignore[index, arg-type]


LOSSES: dict[str, tuple[FusedTerms, object]] = {
    "cross_entropy": (FusedTerms("weights", -1e30, 1e30, 0), lambda l, q, a, w: -(w * l).sum()),
    "importance_sampling": (
        FusedTerms("ratio", -1e30, 1e30, 0),
        lambda l, q, a, w: -(w * (l - q).exp() * a).sum(),
    ),
    "ppo": (
        FusedTerms("ratio", 0.8, 1.2, 0),
        lambda l, q, a, w: -(w * torch.minimum((l - q).exp() * a, (l - q).exp().clamp(0.8, 1.2) * a)).sum(),
    ),
    "cispo": (
        FusedTerms("clipped_ratio", 0.8, 1.2, 0),
        lambda l, q, a, w: -(w * (l - q).exp().clamp(0.8, 1.2).detach() * a * l).sum(),
    ),
    "dro": (
        FusedTerms("dro", -1e30, 1e30, 0.3),
        lambda l, q, a, w: -(w * (a * l - 0.15 * (l - q).square())).sum(),
    ),
}
ADAM = AdamParams(learning_rate=3e-3, beta1=0.9, beta2=0.95, eps=1e-6, weight_decay=0.05, grad_clip_norm=0.7)


@pytest.mark.parametrize("loss", LOSSES)
def test_three_steps_of_each_built_in_loss_are_those_of_torch(loss: str, tmp_path: Path) -> None:
    folder = make_model("llama", tmp_path)
    engine = start_engine(folder)
    handle = make_adapter(engine, "a", 4, LINEARS)
    reference = Reference(folder, handle.lora, engine.export_state("a").weights)  # type: ignore[union-attr]
    own = list(reference.parameters.values())
    optimizer = torch.optim.AdamW(own, lr=3e-3, betas=(0.9, 0.95), eps=1e-6, weight_decay=0.05)
    terms, formula = LOSSES[loss]
    item = make_item("a", LENGTHS, 9, VOCABULARY)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        sampled = reference.logprobs(item) + 0.3 * torch.randn(numbers_of(item), generator=generator)
    advantages = torch.randn(numbers_of(item), generator=generator)
    weights = torch.rand(numbers_of(item), generator=generator)
    slopes = RunSlopes(terms, weights, sampled, advantages)
    for step in range(1, 4):
        engine.open_pass(step, [item])
        engine.fused(step, [RunPart(0, (0, 1, 2, 3))], [slopes])
        engine.keep_gradients(step, 0)
        engine.close_pass(step)
        result = engine.step("a", ADAM)
        optimizer.zero_grad()
        formula(reference.logprobs(item), sampled, advantages, weights).backward()  # type: ignore[operator]
        norm = torch.nn.utils.clip_grad_norm_(own, 0.7)
        before = [parameter.detach().clone() for parameter in own]
        optimizer.step()
        update = torch.cat([(new - old).reshape(-1) for new, old in zip(own, before, strict=True)])
        assert result.step == step
        assert result.grad_norm == pytest.approx(norm.item(), rel=TOLERANCE)
        assert result.update_norm == pytest.approx(update.norm().item(), rel=10 * TOLERANCE)
        assert result.digest == engine.digest_state("a")
    found = engine.export_state("a")
    assert found is not None and found.gradients is None and found.passes == 3
    for name, parameter in reference.parameters.items():
        near(found.weights[name], parameter.detach(), WEIGHTS_TOLERANCE, name)
        near(found.m[name], optimizer.state[parameter]["exp_avg"], MOMENTS_TOLERANCE, name)


def test_the_bundled_model_gives_the_log_probs_of_transformers() -> None:
    folder = Path(__file__).parents[4] / "models" / "tiny-chat"
    engine = start_engine(folder)
    handle = make_adapter(engine, "a", 8, LINEARS)
    reference = Reference(folder, handle.lora, engine.export_state("a").weights)  # type: ignore[union-attr]
    item = make_item("a", (40, 300), 4, 2048, train=False)
    [found] = run_pass(engine, [item])
    with torch.no_grad():
        close(found, reference.logprobs(item), "log-probs")
