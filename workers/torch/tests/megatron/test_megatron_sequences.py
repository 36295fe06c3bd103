"""Sampling against transformers' generate, token by token."""

from __future__ import annotations

import pytest
import torch
from megatron_models import NAMES, SIZES
from megatron_passes import ADAM, TOLERANCE, train
from peft_reference import Datums, Reference, lora_spec
from rank_group import RankGroup
from thinker_worker.engine import NextTokens, SequenceStep, WeightsRef

PROMPTS = Datums([7, 3], seed=9).tokens


def step(sequence: int, tokens: torch.Tensor, rows: list[int] | None = None) -> SequenceStep:
    return SequenceStep(sequence, tokens.int(), torch.tensor([len(tokens) - 1] if rows is None else rows, dtype=torch.int32))


def advance(group: RankGroup, steps: list[SequenceStep]) -> list[NextTokens]:
    """Exactly one rank says what comes next in each."""
    results = []
    for own in zip(*group.call("advance", steps), strict=True):
        (found,) = [result for result in own if result is not None]
        results.append(found)
    return results


def greedy(group: RankGroup, sequences: dict[int, torch.Tensor], count: int) -> dict[int, list[int]]:
    """Sequences together, each from what it is to read first."""
    written: dict[int, list[int]] = {sequence: [] for sequence in sequences}
    read = dict(sequences)
    for _ in range(count):
        found = advance(group, [step(sequence, tokens) for sequence, tokens in read.items()])
        for sequence, result in zip(written, found, strict=True):
            assert result.logits.shape == (1, SIZES["vocab_size"])
            assert result.log_sums[0].item() == pytest.approx(result.logits[0].logsumexp(-1).item(), abs=1e-5)
            written[sequence].append(int(result.logits[0].argmax()))
            read[sequence] = torch.tensor(written[sequence][-1:])
    return written


def expected_greedy(reference: Reference, prompt: torch.Tensor, count: int) -> list[int]:
    options = {"max_new_tokens": count, "do_sample": False, "pad_token_id": 0}
    return reference.peft.generate(input_ids=prompt[None].long(), **options)[0, len(prompt) :].tolist()


@pytest.mark.parametrize("model", NAMES)
def test_greedy_sampling_is_that_of_generate(group: RankGroup, model: str) -> None:
    references = [Reference(model, lora_spec(rank=rank), seed=rank) for rank in (2, 5)]
    sequences = {}
    for index, (reference, prompt) in enumerate(zip(references, PROMPTS, strict=True)):
        group.call("create_adapter", reference.handle(f"a{index}"), reference.state())
        group.call("open_sequence", index, WeightsRef("adapter", f"a{index}"))
        sequences[index] = prompt
    written = greedy(group, sequences, 9)
    for index, (reference, prompt) in enumerate(zip(references, PROMPTS, strict=True)):
        assert written[index] == expected_greedy(reference, prompt, 9)
    group.call("close_sequences", list(sequences))


def test_prompts_in_pieces_and_forks_give_the_logits_of_the_whole(group: RankGroup) -> None:
    reference = Reference("mistral", lora_spec())
    prompt = Datums([12]).tokens[0]
    group.call("load_weights", reference.handle("w"), reference.weights())
    weights = WeightsRef("weights", "w")
    logits = reference.peft(prompt[None].long()).logits[0].detach()

    group.call("open_sequence", 1, weights)
    first, second = (advance(group, [own])[0] for own in (step(1, prompt[:5], [1, 4]), step(1, prompt[5:])))
    assert (first.logits - logits[[1, 4]]).abs().max() < TOLERANCE * 10  # of numbers up to 10
    assert (second.logits - logits[-1]).abs().max() < TOLERANCE * 10

    # Forks go on from the first 8 tokens; what one reads, the other does not see.
    group.call("fork_sequence", 1, [2, 3], 8)
    other = torch.tensor([1, 2])
    found = advance(group, [step(2, prompt[8:]), step(3, other)])
    branched = reference.peft(torch.cat([prompt[:8], other])[None].long()).logits[0, -1]
    assert (found[0].logits[0] - logits[-1]).abs().max() < TOLERANCE * 10
    assert (found[1].logits[0] - branched).abs().max() < TOLERANCE * 10
    group.call("close_sequences", [1, 2, 3])
    group.call("drop_weights", "w")


def test_a_sequence_keeps_the_weights_it_was_opened_with(group: RankGroup) -> None:
    reference = Reference("qwen3", lora_spec())
    group.call("create_adapter", reference.handle("a"), reference.state())
    group.call("open_sequence", 1, WeightsRef("adapter", "a"))
    group.call("open_sequence", 2, WeightsRef("base", "qwen3"))
    train(group, "a", Datums([6]))
    group.call("step", "a", ADAM)
    group.call("delete_adapter", "a")
    written = greedy(group, {1: PROMPTS[0], 2: PROMPTS[0]}, 5)
    assert written[1] == expected_greedy(reference, PROMPTS[0], 5)
    with reference.peft.disable_adapter():
        assert written[2] == expected_greedy(reference, PROMPTS[0], 5)
    group.call("close_sequences", [1, 2])
