"""Log-probs and gradients of passes against transformers and PEFT in one process."""

from __future__ import annotations

import pytest
import torch
from megatron_models import NAMES
from megatron_passes import TOLERANCE, combined, difference, train
from peft_reference import ALL_TARGETS, Datums, Reference, lora_spec
from rank_group import RankGroup
from thinker_worker.engine import FusedTerms, RunPart, RunSlopes, WeightsRef
from thinker_worker.errors import WorkerError

pytest.importorskip("megatron.core", reason="needs megatron-core (requirements-megatron.txt)")

from thinker_worker.megatron.megatron_engine import MegatronEngine  # noqa: E402
from thinker_worker.megatron.passes.training_memory import TrainingMemory  # noqa: E402


@pytest.mark.parametrize("model", NAMES)
def test_logprobs_and_gradients_are_those_of_peft(group: RankGroup, model: str) -> None:
    reference = Reference(model, lora_spec())
    datums = Datums([7, 12, 1, 9])
    group.call("create_adapter", reference.handle("a"), reference.state())
    assert group.same("open_pass", 1, [datums.item(WeightsRef("adapter", "a"))]) == {}

    # Two runs, the datums not in order.
    for order in ((2, 0), (3, 1)):
        (logprobs,) = combined(group.call("forward", 1, [RunPart(0, order)]))
        group.call("backward", 1, [datums.all_slopes(order)])
        expected = datums.reference(reference)
        for datum, own in zip(order, logprobs, strict=True):
            assert (own - expected[datum].detach()).abs().max() < TOLERANCE
            (expected[datum] * datums.slopes[datum]).sum().backward()
    group.call("keep_gradients", 1, 0)
    group.call("close_pass", 1)

    state = group.one("export_state", "a")
    assert (state.step, state.gradient_passes, state.passes) == (0, 1, 1)
    assert difference(state.gradients, reference.gradients()) < TOLERANCE
    assert difference(state.weights, reference.weights()) == 0


def test_adapters_of_mixed_ranks_and_targets_share_a_pass(group: RankGroup) -> None:
    pattern = "model.layers.1.self_attn.q_proj"
    references = [
        Reference("llama", lora_spec(rank=2, targets=("q_proj", "down_proj"), rs_lora=True), seed=1),
        Reference("llama", lora_spec(rank=8, targets=("k_proj", "up_proj", "o_proj")), seed=2),
        Reference(
            "llama", lora_spec(rank=3, targets=ALL_TARGETS, rank_pattern={pattern: 5}, alpha_pattern={pattern: 20.0}), seed=3
        ),
    ]
    batches = [Datums([5, 3], seed=4), Datums([8], choices=3, seed=5), Datums([4, 6, 2], seed=6)]
    for index, reference in enumerate(references):
        group.call("create_adapter", reference.handle(f"a{index}"), reference.state())
    group.call("open_pass", 1, [batch.item(WeightsRef("adapter", f"a{i}")) for i, batch in enumerate(batches)])
    parts = [RunPart(i, tuple(range(len(batch.tokens)))) for i, batch in enumerate(batches)]
    logprobs = combined(group.call("forward", 1, parts))
    group.call("backward", 1, [batch.all_slopes(part.datums) for batch, part in zip(batches, parts, strict=True)])

    for index, (reference, batch) in enumerate(zip(references, batches, strict=True)):
        group.call("keep_gradients", 1, index)
        for datum, expected in enumerate(batch.reference(reference)):
            assert (logprobs[index][datum] - expected.detach().flatten()).abs().max() < TOLERANCE
            (expected * batch.slopes[datum]).sum().backward()
        gradients = group.one("export_state", f"a{index}").gradients
        assert difference(gradients, reference.gradients()) < TOLERANCE
    group.call("close_pass", 1)


@pytest.mark.parametrize("policy", ["weights", "ratio", "clipped_ratio", "dro"])
def test_fused_slopes_give_the_gradients_of_their_loss(group: RankGroup, policy: str) -> None:
    reference = Reference("qwen3", lora_spec(rank=2))
    datums = Datums([6, 4])
    group.call("create_adapter", reference.handle("a"), reference.state())
    expected = datums.reference(reference)
    generator = torch.Generator().manual_seed(3)
    weights, sampled, advantages = (torch.randn(sum(len(e) for e in expected), generator=generator) for _ in range(3))
    sampled = torch.cat(expected).detach() + 0.5 * sampled

    group.call("open_pass", 1, [datums.item(WeightsRef("adapter", "a"))])
    terms = FusedTerms(policy, low=0.8, high=1.2, beta=0.3)
    group.call("fused", 1, [RunPart(0, (0, 1))], [RunSlopes(terms, weights, sampled, advantages)])
    group.call("keep_gradients", 1, 0)
    group.call("close_pass", 1)

    logprobs = torch.cat(expected)
    log_ratio = logprobs - sampled
    ratio = log_ratio.exp()
    losses = {
        "weights": -weights * logprobs,
        "ratio": -weights * torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages),
        "clipped_ratio": -weights * ratio.detach().clamp(0.8, 1.2) * advantages * logprobs,
        "dro": -weights * (logprobs * advantages - 0.15 * log_ratio.square()),
    }
    losses[policy].sum().backward()
    gradients = group.one("export_state", "a").gradients
    assert difference(gradients, reference.gradients()) < TOLERANCE


def test_a_pass_that_does_not_train_changes_nothing(group: RankGroup) -> None:
    reference = Reference("llama", lora_spec())
    datums = Datums([5, 9])
    group.call("create_adapter", reference.handle("a"), reference.state())
    before = group.same("digest_state", "a")
    refs = [WeightsRef("adapter", "a"), WeightsRef("base", "llama")]
    group.call("open_pass", 1, [datums.item(ref, train=False) for ref in refs])
    logprobs = combined(group.call("forward", 1, [RunPart(0, (0, 1)), RunPart(1, (0, 1))]))
    group.call("close_pass", 1)
    assert group.same("digest_state", "a") == before
    with reference.peft.disable_adapter():
        plain = datums.reference(reference)
    for own, expected in zip(logprobs, [datums.reference(reference), plain], strict=True):
        assert max((a - b).abs().max().item() for a, b in zip(own, expected, strict=True)) < TOLERANCE


def test_dropout_drops_what_its_seed_and_pass_say(group: RankGroup) -> None:
    reference = Reference("qwen2", lora_spec(dropout=0.4, seed=7))
    datums = Datums([6, 3])
    group.call("create_adapter", reference.handle("a"), reference.state())
    # The second pass, which drops others than the first.
    train(group, "a", datums)
    group.call("drop_gradients", "a")
    logprobs = train(group, "a", datums)

    for datum, (tokens, targets, scored) in enumerate(zip(datums.tokens, datums.targets, datums.scored, strict=True)):
        reference.drop(1, datum, len(tokens), scored)
        expected = reference.logprobs(tokens, targets)[scored]
        assert (logprobs[datum] - expected.detach()).abs().max() < TOLERANCE
        (expected * datums.slopes[datum]).sum().backward()
    assert difference(group.one("export_state", "a").gradients, reference.gradients()) < TOLERANCE


def set_budget(engine: MegatronEngine, budget: int) -> bool:
    """@returns whether layers compute again in a run of the tokens that one replica gets"""
    engine._memory = TrainingMemory(budget)
    return engine._memory.must_recompute(engine._stages["llama"], 17 if engine._parallel.data.count == 1 else 11)


def test_layers_that_compute_again_give_the_same_bits(group: RankGroup) -> None:
    reference = Reference("llama", lora_spec(dropout=0.3))
    datums = Datums([6, 11])
    digests = []
    # 67 kB: enough for the larger datum when layers compute again, too little for the run when they do not.
    for budget, again in ((10**9, False), (67_000, True)):
        assert group.each(set_budget, budget)[0] == again
        group.call("create_adapter", reference.handle("a"), reference.state())
        train(group, "a", datums)
        digests.append(group.same("digest_state", "a"))
    assert digests[0] == digests[1]

    group.each(set_budget, 10**3)
    (refused,) = group.call("open_pass", 1, [datums.item(WeightsRef("adapter", "a"))])[0].values()
    assert (refused.code, refused.details["tokens"]) == ("sequence_exceeds_memory", 6)
    group.each(set_budget, 10**9)


def test_a_loss_that_is_not_finite_is_refused_and_changes_nothing(group: RankGroup) -> None:
    reference = Reference("llama", lora_spec())
    datums = Datums([5, 4])
    datums.slopes[1][0] = float("nan")
    group.call("create_adapter", reference.handle("a"), reference.state())
    before = group.same("digest_state", "a")
    with pytest.raises(WorkerError) as refused:
        train(group, "a", datums)
    assert refused.value.code == "non_finite_loss"
    assert group.same("digest_state", "a") == before


def test_items_of_unknown_weights_are_refused_by_themselves(group: RankGroup) -> None:
    items = [Datums([3]).item(ref, train=False) for ref in (WeightsRef("weights", "gone"), WeightsRef("base", "llama"))]
    for refused in group.call("open_pass", 1, items):
        assert {index: error.code for index, error in refused.items()} == {0: "weights_unknown"}
    assert len(combined(group.call("forward", 1, [RunPart(1, (0,))]))) == 1
    group.call("close_pass", 1)
