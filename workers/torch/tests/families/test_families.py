"""Models of every family against transformers and PEFT in one process."""

from __future__ import annotations

import pytest
import torch
from family_adapters import Datums, PeftReference, greedy_on, train_on
from family_models import CONFIGS, VOCABULARY, save_models
from thinker_worker.engine import Engine
from thinker_worker.engines import build_engine
from thinker_worker.environment import RankEnvironment
from thinker_worker.hf.hf_engine import HfEngine
from thinker_worker.hf.self_check import gives_same_bits
from thinker_worker.settings import ModelFolder, Settings

# float32 (1.2e-7), with sums in another order through all layers forward and back; relative to the largest number.
TOLERANCE = 2e-5
# Longer than Gemma's window of 5, and alone a single token.
LENGTHS = [7, 12, 1, 20]

families = pytest.mark.parametrize("family", CONFIGS)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folders = save_models(tmp_path_factory.mktemp("models"))
    models = tuple(ModelFolder(family, str(folder)) for family, folder in folders.items())
    environment = RankEnvironment("unix:/nowhere", "", None, rank=0, local_rank=0, world=1, run="test")
    engine = build_engine(Settings("hf", models, device="cpu", threads=1), environment)
    engine.start()
    return engine


@families
def test_logprobs_and_gradients_are_those_of_peft(engine: Engine, family: str) -> None:
    reference = PeftReference(family, rank=4, seed=1)
    datums = Datums(LENGTHS)
    reference.create_on(engine, "a")
    logprobs, gradients = train_on(engine, {"a": datums})["a"]
    expected_logprobs, expected_gradients = reference.train(datums)
    for own, expected in zip(logprobs, expected_logprobs, strict=True):
        assert (own - expected).abs().max() < TOLERANCE
    largest = max(tensor.abs().max().item() for tensor in expected_gradients.values())
    assert gradients.keys() == expected_gradients.keys()
    for name, expected in expected_gradients.items():
        assert expected.abs().max() > 0, name
        assert (gradients[name] - expected).abs().max() < TOLERANCE * max(1.0, largest), name


@families
def test_greedy_answers_are_those_of_generate(engine: Engine, family: str) -> None:
    reference = PeftReference(family, rank=4, seed=2)
    reference.create_on(engine, "a")
    prompt = torch.randint(VOCABULARY, (11,), generator=torch.Generator().manual_seed(3))
    assert greedy_on(engine, "a", prompt, 16) == reference.greedy(prompt, 16)


@pytest.mark.usefixtures("exact_products")
@families
def test_company_changes_no_bit(engine: Engine, family: str) -> None:
    batches = {"a": Datums([9, 4], seed=4), "b": Datums([17], seed=5), "c": Datums([1, 6, 30], seed=6)}
    for (adapter, _), rank in zip(batches.items(), (1, 8, 3), strict=True):
        PeftReference(family, rank, seed=rank).create_on(engine, adapter)
    together = train_on(engine, batches)
    for adapter, datums in batches.items():
        alone = train_on(engine, {adapter: datums})[adapter]
        assert all(map(torch.equal, together[adapter][0], alone[0]))
        assert all(torch.equal(together[adapter][1][name], gradient) for name, gradient in alone[1].items())


@pytest.mark.usefixtures("exact_products")
@families
def test_check_at_start_finds_the_same_bits(engine: Engine, family: str) -> None:
    assert isinstance(engine, HfEngine)
    assert gives_same_bits(engine.bases[family])


def test_longrope_is_refused_where_it_depends_on_the_batch(engine: Engine) -> None:
    PeftReference("phi3", rank=1, seed=1).create_on(engine, "a")
    assert len(train_on(engine, {"a": Datums([96])})["a"][0][0]) == 96
    with pytest.raises(ValueError, match="phi3 takes sequences of at most 96 tokens"):
        train_on(engine, {"a": Datums([97])})
