"""Ways of computing that devices other than the CPU take, here in bfloat16 and in float32 with torch's own attention."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from rank_engine import LINEARS, MODEL, make_adapter, make_item, numbers_of, run_pass, start_engine
from reference import Reference
from thinker_worker.engine import SequenceStep, WeightsRef
from thinker_worker.hf.hf_engine import HfEngine
from hf_models import COMMON, make_model

VOCABULARY = COMMON["vocab_size"]
# bfloat16 has 8 bits, so a number is known to 0.4 %; a sum over some layers and linears to a few of these.
BFLOAT16 = 0.05
# As in test_numbers.py.
FLOAT32 = 2e-5


@pytest.mark.parametrize(("dtype", "tolerance"), [("bfloat16", BFLOAT16), ("float32", FLOAT32)])
@pytest.mark.parametrize("family", ["llama", "gemma2", "mistral", "qwen3_moe"])
def test_log_probs_and_gradients_are_those_of_peft(family: str, dtype: str, tolerance: float, tmp_path: Path) -> None:
    if (family, dtype) == ("qwen3_moe", "bfloat16"):
        pytest.skip("a router may round to another expert")
    folder = make_model(family, tmp_path)
    engine = start_engine(folder, dtype=dtype, batching="rounding")
    handle = make_adapter(engine, "a", 3, ("q_proj", "v_proj", "o_proj"))
    state = engine.export_state("a")
    assert state is not None
    reference = Reference(folder, handle.lora, state.weights, getattr(torch, dtype))
    item = make_item("a", (7, 1, 23, 12), 5, VOCABULARY)
    slopes = torch.linspace(-1, 1, numbers_of(item))
    [found] = run_pass(engine, [item], d_logprobs=[slopes])
    expected = reference.logprobs(item)
    assert float((found - expected).detach().norm() / expected.detach().norm()) < tolerance
    expected.backward(slopes)
    gradients = engine.export_state("a").gradients  # type: ignore[union-attr]
    assert gradients is not None
    distance = sum(float((gradients[n] - p.grad).square().sum()) for n, p in reference.parameters.items())  # type: ignore[operator]
    size = sum(float(p.grad.square().sum()) for p in reference.parameters.values())  # type: ignore[union-attr]
    assert (distance / size) ** 0.5 < tolerance


@pytest.mark.parametrize("family", ["llama", "gemma2", "mistral"])
def test_many_sequences_advance_together_as_each_alone(family: str, tmp_path: Path) -> None:
    folder = make_model(family, tmp_path)
    engine = start_engine(folder, batching="rounding")
    exact = start_engine(folder, batching="exact")
    for one in (engine, exact):
        make_adapter(one, "a", 4, LINEARS)
    lengths = (3, 70, 9, 20)
    found = [continued(engine, lengths, together=True), continued(exact, lengths, together=False)]
    torch.testing.assert_close(*found, rtol=FLOAT32, atol=FLOAT32)


def continued(engine: HfEngine, lengths: tuple[int, ...], together: bool) -> torch.Tensor:
    """Logits of the third of three single tokens that follow texts of these lengths. @returns [texts, vocabulary]"""
    refs = [WeightsRef("base", MODEL), WeightsRef("adapter", "a")]
    for number, _ in enumerate(lengths):
        engine.open_sequence(number, refs[number % 2])
    calls = [[(number, [3 + i % 80 for i in range(length)]) for number, length in enumerate(lengths)]]
    calls += [[(number, [token + number]) for number in range(len(lengths))] for token in (20, 30, 40)]
    if not together:
        calls = [[step] for call in calls for step in call]
    found = {}
    for call in calls:
        steps = [
            SequenceStep(number, torch.tensor(text, dtype=torch.int32), torch.tensor([len(text) - 1]))
            for number, text in call
        ]
        for step, tokens in zip(steps, engine.advance(steps), strict=True):
            assert tokens is not None
            found[step.sequence] = tokens.logits[0]
    return torch.stack([found[number] for number in range(len(lengths))])


def test_says_that_company_changes_roundings(tmp_path: Path) -> None:
    folder = make_model("llama", tmp_path)
    infos = [start_engine(folder, dtype="bfloat16", batching=wanted).info for wanted in ("rounding", "exact", "off")]
    assert [info.batching for info in infos] == ["rounding", "off", "off"]
    assert {info.repeatability for info in infos} == {"rounding"}
