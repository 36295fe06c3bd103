"""Supervised learning: the loss falls, requests overlap, gradients add up, and each kind of input gives its numbers."""

import pytest
import tinker
from support import chat, datum, logprobs, needs_torch, step, supervised_datum, training
from tinker import types

LESSONS = [
    ("Who made you?", "You did! I learned this a moment ago, on your own machine."),
    ("Where do you run?", "I run right here, on your own machine."),
]


def lessons(tokenizer):
    return [supervised_datum(tokenizer, question, answer) for question, answer in LESSONS]


def test_a_supervised_loop_reaches_a_low_loss(trainer, tokenizer):
    data = lessons(tokenizer)
    counted = sum(sum(item.loss_fn_inputs["weights"].data) for item in data)
    losses = [step(trainer, data).metrics["loss:sum"] / counted for _ in range(24)]
    assert losses[0] > 1.0
    assert losses[-1] < 0.1, losses


def test_a_deep_pipeline_gives_the_same_as_one_step_at_a_time(client, tokenizer):
    data = lessons(tokenizer)
    slow = training(client)
    expected = [step(slow, data).metrics["loss:sum"] for _ in range(4)]
    fast = training(client)
    adam = types.AdamParams(learning_rate=3e-3)
    futures = [(fast.forward_backward(data, "cross_entropy"), fast.optim_step(adam)) for _ in range(4)]
    seen = []
    for passed, stepped in futures:
        seen.append(passed.result().metrics["loss:sum"])
        stepped.result()
    assert seen == pytest.approx(expected, rel=1e-4)


def test_gradients_of_several_passes_add_up(client, tokenizer):
    first, second = lessons(tokenizer)
    adam = types.AdamParams(learning_rate=3e-3)
    together, apart = training(client), training(client)
    together.forward_backward([first, second], "cross_entropy").result()
    together.optim_step(adam).result()
    for item in (first, second):
        apart.forward_backward([item], "cross_entropy").result()
    apart.optim_step(adam).result()
    after = [logprobs(one.forward([first], "cross_entropy").result()) for one in (together, apart)]
    assert after[1] == pytest.approx(after[0], abs=2e-3)


def test_forward_leaves_gradients_alone(client, tokenizer):
    first, second = lessons(tokenizer)
    plain, watched = training(client), training(client)
    for one in (plain, watched):
        one.forward_backward([first], "cross_entropy").result()
        if one is watched:
            one.forward([second], "cross_entropy").result()
        one.optim_step(types.AdamParams(learning_rate=3e-3)).result()
    after = [logprobs(one.forward([first], "cross_entropy").result()) for one in (plain, watched)]
    assert after[1] == pytest.approx(after[0], abs=1e-4)


def test_every_position_has_a_logprob_and_metrics_have_one_colon(trainer, tokenizer):
    item = lessons(tokenizer)[0]
    result = trainer.forward_backward([item], "cross_entropy").result()
    values, weights = logprobs(result), item.loss_fn_inputs["weights"].data
    assert len(values) == item.model_input.length
    assert all(value < 0 for value in values)
    expected = -sum(weight * value for weight, value in zip(weights, values, strict=True))
    assert result.metrics["loss:sum"] == pytest.approx(expected, rel=1e-4)
    assert all(name.count(":") == 1 for name in result.metrics)


def test_a_batch_of_many_chunks_keeps_its_order_and_its_sum(trainer, tokenizer):
    """More datums than one request may hold."""
    base = tokenizer.encode("one two three", add_special_tokens=False)
    inputs = {"target_tokens": [*base[1:], 3], "weights": [1.0] * len(base)}
    data = [datum([*base[:-1], index % 7 + 20], **inputs) for index in range(1100)]
    result = trainer.forward(data, "cross_entropy").result()
    assert len(result.loss_fn_outputs) == len(data)
    assert logprobs(result, 1099) == pytest.approx(logprobs(result, 1099 % 7), abs=1e-3)
    assert logprobs(result, 0) != pytest.approx(logprobs(result, 1), abs=1e-3)
    total = -sum(sum(logprobs(result, index)) for index in range(len(data)))
    assert result.metrics["loss:sum"] == pytest.approx(total, rel=1e-3)


def test_several_targets_per_position(trainer, tokenizer):
    """(N, K) targets: the loss is the weighted sum over all of them."""
    tokens = tokenizer.encode("The sky is blue", add_special_tokens=False)
    count, width = len(tokens), 3
    targets = [[token, 5, 9] for token in tokens]
    weights = [0.7, 0.2, 0.1] * count
    flat = [value for row in targets for value in row]
    item = types.Datum(
        model_input=types.ModelInput.from_ints(tokens),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=flat, dtype="int64", shape=[count, width]),
            "weights": types.TensorData(data=weights, dtype="float32", shape=[count, width]),
        },
    )
    result = trainer.forward_backward([item], "cross_entropy").result()
    output = result.loss_fn_outputs[0]["logprobs"]
    assert list(output.shape) == [count, width]
    expected = -sum(w * v for w, v in zip(weights, output.data, strict=True))
    assert result.metrics["loss:sum"] == pytest.approx(expected, rel=1e-4)
    single = trainer.forward([datum(tokens, target_tokens=tokens, weights=[1.0] * count)], "cross_entropy").result()
    assert list(output.data)[::width] == pytest.approx(logprobs(single), abs=1e-3)


@needs_torch
def test_sparse_tensors_give_what_dense_ones_give(trainer, tokenizer):
    import torch

    tokens = tokenizer.encode("The sky is blue today and it is warm", add_special_tokens=False)
    targets = torch.zeros(len(tokens), 12, dtype=torch.int64)
    weights = torch.zeros(len(tokens), 12)
    targets[-1, :2] = torch.tensor([40, 41])
    weights[-1, :2] = torch.tensor([0.75, 0.25])
    dense = {
        "target_tokens": types.TensorData(data=targets.flatten().tolist(), dtype="int64", shape=list(targets.shape)),
        "weights": types.TensorData(data=weights.flatten().tolist(), dtype="float32", shape=list(weights.shape)),
    }
    prompt = types.ModelInput.from_ints(tokens)
    sparse = types.Datum(model_input=prompt, loss_fn_inputs={"target_tokens": targets, "weights": weights})
    assert sparse.loss_fn_inputs["weights"].sparse_crow_indices is not None
    losses = [
        trainer.forward([item], "cross_entropy").result().metrics["loss:sum"]
        for item in (sparse, types.Datum(model_input=prompt, loss_fn_inputs=dense))
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_flags_choose_what_is_trained(client, tokenizer):
    prompt = lessons(tokenizer)
    results = {}
    for flags in ({"train_mlp": False}, {"train_attn": False}, {"train_unembed": False}):
        one = training(client, **flags)
        for _ in range(2):
            step(one, prompt)
        results[next(iter(flags))] = logprobs(one.forward(prompt, "cross_entropy").result())
    assert results["train_mlp"] != pytest.approx(results["train_attn"], abs=1e-4)


def test_get_info_tells_what_was_made(trainer):
    info = trainer.get_info()
    assert info.model_data.model_name == "tiny-chat"
    assert info.is_lora and info.lora_rank == 8
    assert info.model_id == trainer.model_id


def test_a_wrong_input_is_the_users_error(trainer, tokenizer):
    tokens = tokenizer.encode(chat("Hello")[0], add_special_tokens=False)
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError)) as failure:
        trainer.forward_backward([datum(tokens, weights=[1.0] * len(tokens))], "cross_entropy").result()
    assert "target_tokens" in str(failure.value)
    if isinstance(failure.value, tinker.RequestFailedError):
        assert failure.value.category == types.RequestErrorCategory.User


def test_images_are_refused(trainer):
    picture = types.ImageChunk(data=b"\x89PNG\r\n\x1a\n", format="png", expected_tokens=4)
    item = types.Datum(
        model_input=types.ModelInput(chunks=[picture]),
        loss_fn_inputs={"target_tokens": types.TensorData(data=[1, 2, 3, 4], dtype="int64", shape=[4])},
    )
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError), match="(?i)image"):
        trainer.forward_backward([item], "cross_entropy").result()


def test_training_goes_on_after_a_refused_request(trainer, tokenizer):
    """The refused request used up a number of the client's count; the ones after it must not wait for it."""
    data = lessons(tokenizer)
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError)):
        trainer.forward_backward(data, "no_such_loss").result()
    assert step(trainer, data).metrics["loss:sum"] > 0


def test_training_goes_on_after_a_refused_chunk(trainer, tokenizer):
    """One of three chunks is refused: the other ones have used up their numbers, and later calls must not wait."""
    tokens = tokenizer.encode("one two three", add_special_tokens=False)
    good, bad = (datum([*tokens[:-1], last], target_tokens=tokens, weights=[1.0] * len(tokens)) for last in (5, 10**6))
    data = [good] * 1500 + [bad] + [good] * 549
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError), match="1000000"):
        trainer.forward_backward(data, "cross_entropy").result(timeout=120)
    passed = trainer.forward_backward(lessons(tokenizer), "cross_entropy")
    stepped = trainer.optim_step(types.AdamParams(learning_rate=1e-3))
    assert passed.result(timeout=120).metrics["loss:sum"] > 0
    stepped.result(timeout=120)
