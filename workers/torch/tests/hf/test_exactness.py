"""A request gets the same bits alone as in company, and read at once as in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from rank_engine import LINEARS, MODEL, all_of, make_adapter, make_item, numbers_of, run_pass, start_engine
from thinker_worker.engine import AdamParams, NextTokens, SequenceStep, WeightsRef
from thinker_worker.hf.hf_engine import HfEngine
from thinker_worker.hf.logprobs import log_sums
from thinker_worker.hf.self_check import gives_same_bits
from thinker_worker.hf.passes.training_memory import TrainingMemory
from hf_models import COMMON, make_model
from transformers import AutoModelForCausalLM

RANKS = (1, 2, 4, 8, 16, 3, 5, 32)
TARGETS: tuple[tuple[str, ...], ...] = (("q_proj", "v_proj"), (*LINEARS, "lm_head"), ("lm_head",), ("o_proj", "up_proj"))
VOCABULARY = COMMON["vocab_size"]
ADAM = AdamParams(1e-2, 0.9, 0.999, 1e-8, 0.01, 1.0)


def eight_adapters(engine: HfEngine) -> None:
    for number, rank in enumerate(RANKS):
        make_adapter(engine, f"a{number}", rank, TARGETS[number % 4], seed=number, dropout=0.2 if number % 3 == 0 else 0)


@pytest.mark.usefixtures("exact_products")
@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("family", ["llama", "gemma2"])
def test_eight_adapters_get_in_one_pass_what_they_get_one_by_one(family: str, fused: bool, tmp_path: Path) -> None:
    engine = start_engine(make_model(family, tmp_path))
    items = [make_item(f"a{i}", (5 + i, 3, 40 + 3 * i), i, VOCABULARY, targets=1 + i % 2) for i in range(8)]
    eight_adapters(engine)
    alone = [run_pass(engine, [item], fused)[0] for item in items]
    digests = [engine.digest_state(f"a{i}") for i in range(8)]
    stepped = [engine.step(f"a{i}", ADAM).digest for i in range(8)]
    eight_adapters(engine)
    together = run_pass(engine, items, fused)
    assert all(torch.equal(*pair) for pair in zip(alone, together, strict=True))
    assert [engine.digest_state(f"a{i}") for i in range(8)] == digests
    assert [engine.step(f"a{i}", ADAM).digest for i in range(8)] == stepped


def test_computing_layers_again_changes_no_bit(tmp_path: Path) -> None:
    engine = start_engine(make_model("llama", tmp_path))
    item = make_item("a", (30, 9), 3, VOCABULARY)
    digests = []
    for budget in (1 << 40, 1):
        make_adapter(engine, "a", 4, LINEARS, dropout=0.3)
        engine.open_pass(1, [item])
        engine.passes[1].memory = TrainingMemory(budget)
        engine.forward(1, [all_of(0, item)])
        engine.backward(1, [-torch.ones(numbers_of(item))])
        engine.keep_gradients(1, 0)
        engine.close_pass(1)
        digests.append(engine.digest_state("a"))
    assert digests[0] == digests[1]


def test_the_sum_over_a_large_vocabulary_is_that_of_a_lone_row() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        # One likely token and many unlikely ones: the logarithm of a sum near 1 shows its last bit.
        logits = torch.randn((40, 49152), generator=torch.Generator().manual_seed(1)) - 14
        logits[:, 0] = 0
        together = log_sums(logits)
        assert all(torch.equal(log_sums(logits[row : row + 1]), together[row : row + 1]) for row in range(40))
        assert torch.equal(together, torch.logsumexp(logits, dim=1))
    finally:
        torch.set_num_threads(before)


@pytest.mark.usefixtures("exact_products")
def test_the_check_at_start_proves_it_here(tmp_path: Path) -> None:
    engine = start_engine(make_model("qwen2", tmp_path))
    assert gives_same_bits(engine.bases[MODEL])


class Texts:
    """Sequences of an engine by number, in calls that are easy to write."""

    def __init__(self, engine: HfEngine) -> None:
        self.engine = engine
        self.made = 0

    def open(self, weights: WeightsRef) -> int:
        self.made += 1
        self.engine.open_sequence(self.made, weights)
        return self.made

    def fork(self, sequence: int, length: int | None = None) -> int:
        self.made += 1
        self.engine.fork_sequence(sequence, [self.made], length)
        return self.made

    def advance(self, *steps: tuple[int, Sequence[int]], rows: Sequence[int] | None = None) -> list[NextTokens]:
        found = self.engine.advance(
            [
                SequenceStep(
                    sequence,
                    torch.tensor(tokens, dtype=torch.int32),
                    torch.tensor([len(tokens) - 1] if rows is None else rows, dtype=torch.int32),
                )
                for sequence, tokens in steps
            ]
        )
        return [tokens for tokens in found if tokens is not None]

    def read(self, weights: WeightsRef, *pieces: Sequence[int]) -> torch.Tensor:
        """Logits after the last piece, of a sequence of its own."""
        sequence = self.open(weights)
        for piece in pieces:
            [found] = self.advance((sequence, piece))
        self.engine.close_sequences([sequence])
        return found.logits[0]


BASE = WeightsRef("base", MODEL)
LONG = [3 + i * i % 90 for i in range(330)]


def adapter(name: str) -> WeightsRef:
    return WeightsRef("adapter", name)


@pytest.mark.usefixtures("exact_products")
@pytest.mark.parametrize("family", ["llama", "gemma2", "qwen3_moe"])
def test_sequences_in_company_and_in_pieces_get_what_they_get_alone(family: str, tmp_path: Path) -> None:
    engine = start_engine(make_model(family, tmp_path))
    make_adapter(engine, "a", 4, ("q_proj", "v_proj", "lm_head"))
    make_adapter(engine, "b", 1, ("o_proj",), seed=2)
    texts = Texts(engine)
    whole = texts.read(adapter("a"), LONG)
    assert torch.equal(whole, texts.read(adapter("a"), LONG[:1], LONG[1:3], LONG[3:260], LONG[260:]))
    short = texts.read(adapter("b"), [5, 6, 7], [8])
    one, two, three = texts.open(adapter("a")), texts.open(adapter("b")), texts.open(BASE)
    texts.advance((one, LONG[:200]), (two, [5, 6]))
    texts.advance((two, [7]), (three, [9]), (one, LONG[200:329]))
    of_three, of_one, of_two = texts.advance((three, [4]), (one, LONG[329:]), (two, [8]))
    assert torch.equal(of_one.logits[0], whole)
    assert torch.equal(of_two.logits[0], short)
    assert torch.equal(of_three.logits[0], texts.read(BASE, [9, 4]))
    assert torch.equal(of_one.log_sums, torch.logsumexp(of_one.logits, 1))


@pytest.mark.usefixtures("exact_products")
def test_forks_go_on_by_themselves_from_any_token(tmp_path: Path) -> None:
    engine = start_engine(make_model("llama", tmp_path))
    make_adapter(engine, "a", 4, LINEARS)
    texts, ref = Texts(engine), adapter("a")
    trunk = texts.open(ref)
    texts.advance((trunk, LONG[:70]))
    left, right, cut = texts.fork(trunk), texts.fork(trunk), texts.fork(trunk, 30)
    found = texts.advance((left, [5]), (right, [6]), (cut, [7, 8]), (trunk, [9]))
    expected = [(LONG[:70], [5]), (LONG[:70], [6]), (LONG[:30], [7, 8]), (LONG[:70], [9])]
    for tokens, pieces in zip(found, expected, strict=True):
        assert torch.equal(tokens.logits[0], texts.read(ref, *pieces))
    engine.close_sequences([trunk, right])
    [again] = texts.advance((left, [10]))
    assert torch.equal(again.logits[0], texts.read(ref, LONG[:70], [5], [10]))


@pytest.mark.usefixtures("exact_products")
def test_rows_asked_for_are_those_of_shorter_texts_and_log_probs_those_of_a_pass(tmp_path: Path) -> None:
    engine = start_engine(make_model("llama", tmp_path))
    make_adapter(engine, "a", 4, LINEARS)
    texts, ref = Texts(engine), adapter("a")
    [found] = texts.advance((texts.open(ref), LONG[:9]), rows=[0, 4, 8])
    for row, length in enumerate((1, 5, 9)):
        assert torch.equal(found.logits[row], texts.read(ref, LONG[:length]))
    item = make_item("a", (9,), 1, VOCABULARY, train=False)
    item.tokens.data[:] = torch.tensor(LONG[:9])
    item.scored[:] = torch.tensor([1, 0, 0, 0, 1, 0, 0, 0, 1])
    [logprobs] = run_pass(engine, [item])
    sampled = found.logits.gather(1, item.targets.data[[0, 4, 8], None].long())[:, 0] - found.log_sums
    assert torch.equal(sampled, logprobs)


def test_an_open_sequence_keeps_its_weights(tmp_path: Path) -> None:
    engine = start_engine(make_model("llama", tmp_path))
    make_adapter(engine, "a", 4, LINEARS)
    texts, ref = Texts(engine), adapter("a")
    expected = texts.read(ref, [5, 6], [7])
    sequence = texts.open(ref)
    texts.advance((sequence, [5, 6]))
    run_pass(engine, [make_item("a", (6,), 1, VOCABULARY)])
    engine.step("a", ADAM)
    assert not torch.equal(texts.read(ref, [5, 6], [7]), expected)
    engine.delete_adapter("a")
    [found] = texts.advance((sequence, [7]))
    assert torch.equal(found.logits[0], expected)


@pytest.mark.parametrize("family", ["tiny-chat", "gemma3_text", "mistral", "smollm3"])
def test_greedy_continuations_are_those_of_generate(family: str, tmp_path: Path) -> None:
    bundled = Path(__file__).parents[4] / "models" / "tiny-chat"
    folder = bundled if family == "tiny-chat" else make_model(family, tmp_path)
    engine = start_engine(folder)
    prompts = [[5, 17, 40, 9, 33], [60, 8]]
    texts = Texts(engine)
    open_ones = [texts.open(BASE) for _ in prompts]
    found: list[list[int]] = [[], []]
    steps = prompts
    for _ in range(24):
        answers = texts.advance(*zip(open_ones, steps, strict=True))
        steps = [[int(answer.logits.argmax())] for answer in answers]
        for text, step in zip(found, steps, strict=True):
            text.extend(step)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for prompt, text in zip(prompts, found, strict=True):
        made = model.generate(
            torch.tensor([prompt]), max_new_tokens=24, min_new_tokens=24, do_sample=False, eos_token_id=None
        )
        assert made[0, len(prompt) :].tolist() == text
