"""Losses that are registered on the server as formulas, and used by name like the built-in ones."""

import json
import urllib.request
from pathlib import Path

import pytest
import tinker
from support import API_KEY, ROOT, logprobs, supervised_datum, training
from tinker import types

LOSSES = Path(ROOT) / "examples" / "losses"


@pytest.fixture
def register(url):
    def register(name: str) -> str:
        request = urllib.request.Request(
            f"{url}/loss_functions",
            data=(LOSSES / f"{name}.json").read_bytes(),
            headers={"Content-Type": "application/json", "X-API-Key": API_KEY},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["name"]

    return register


def test_a_loss_of_formulas_trains_as_the_built_in_one_it_imitates(client, tokenizer, register):
    name = register("cross_entropy")
    data = [supervised_datum(tokenizer, "Who made you?", "You did.")]
    built_in, written = training(client), training(client)
    for _ in range(2):
        expected = built_in.forward_backward(data, "cross_entropy").result()
        seen = written.forward_backward(data, name).result()
        assert seen.metrics["loss:sum"] == pytest.approx(expected.metrics["loss:sum"], rel=1e-5)
        for one in (built_in, written):
            one.optim_step(types.AdamParams(learning_rate=2e-3)).result()
    # The built-in loss runs fused, the written one split: their gradients differ by float32 rounding.
    after = [logprobs(one.forward(data, "cross_entropy").result()) for one in (built_in, written)]
    assert after[1] == pytest.approx(after[0], abs=2e-3)


def test_dpo_in_one_pass_prefers_the_chosen_answer(client, tokenizer, register):
    name = register("dpo")
    question = "What colour is the sky?"
    trainer = training(client)
    answers = [supervised_datum(tokenizer, question, text) for text in ("The sky is green.", "The sky is blue.")]
    before = trainer.forward(answers, "cross_entropy").result()
    data = []
    for answer, output, chosen in zip(answers, before.loss_fn_outputs, (1.0, 0.0), strict=True):
        inputs = dict(answer.loss_fn_inputs)
        inputs["reference_logprobs"] = output["logprobs"]
        inputs["pair"] = types.TensorData(data=[0.0], dtype="float32", shape=[1])
        inputs["chosen"] = types.TensorData(data=[chosen], dtype="float32", shape=[1])
        data.append(types.Datum(model_input=answer.model_input, loss_fn_inputs=inputs))
    margins = []
    for _ in range(6):
        metrics = trainer.forward_backward(data, name).result().metrics
        trainer.optim_step(types.AdamParams(learning_rate=3e-3)).result()
        margins.append(next(value for key, value in metrics.items() if key.startswith("mean_margin:")))
    assert margins[0] == pytest.approx(0, abs=1e-4)
    assert margins == sorted(margins) and margins[-1] > 0.1


def test_a_name_that_nobody_registered_is_refused_with_the_names_there_are(client, tokenizer):
    data = [supervised_datum(tokenizer, "Who made you?", "You did.")]
    with pytest.raises(tinker.APIStatusError, match="cross_entropy"):
        training(client).forward_backward(data, "no_such_loss").result()
