"""Sampling: many at once, seeds, stops, log-probs of prompts, and the agreement with training."""

import pytest
import tinker
from support import SDK, chat, datum, logprobs, sampler, service, snapshot, step, supervised_datum, training
from tinker import types

GREEDY = {"temperature": 0.0}


@pytest.fixture
def base(client):
    return sampler(client, base_model="tiny-chat")


@pytest.fixture
def question(tokenizer):
    return tokenizer.encode(chat("What colour is the sky?")[0], add_special_tokens=False)


def sample(client, tokens, count=1, **params):
    prompt = types.ModelInput.from_ints(tokens)
    return client.sample(prompt=prompt, num_samples=count, sampling_params=types.SamplingParams(**params)).result()


def test_an_answer_ends_with_its_stop_token(base, question, tokenizer):
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    sequence = sample(base, question, max_tokens=60, stop=[end], **GREEDY).sequences[0]
    assert sequence.stop_reason == "stop"
    assert sequence.tokens[-1] == end
    assert sequence.tokens.count(end) == 1
    assert len(sequence.logprobs) == len(sequence.tokens)


def test_stop_strings_end_it_too(base, question, tokenizer):
    free = sample(base, question, max_tokens=20, **GREEDY).sequences[0]
    word = tokenizer.decode(free.tokens).split()[1]
    sequence = sample(base, question, max_tokens=20, stop=[word], **GREEDY).sequences[0]
    assert sequence.stop_reason == "stop"
    assert word in tokenizer.decode(sequence.tokens)
    assert len(sequence.tokens) < len(free.tokens)


def test_the_length_ends_it(base, question):
    sequence = sample(base, question, max_tokens=2, **GREEDY).sequences[0]
    assert sequence.stop_reason == "length"
    assert len(sequence.tokens) == 2


def test_a_seed_repeats_and_samples_differ(base, question):
    runs = [sample(base, question, 4, max_tokens=12, temperature=1.5, seed=11) for _ in range(2)]
    texts = [[tuple(sequence.tokens) for sequence in run.sequences] for run in runs]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 1


def test_64_samples_at_once(base, tokenizer):
    prompts = [tokenizer.encode(chat(f"What is {n} plus 1?")[0], add_special_tokens=False) for n in range(64)]
    params = types.SamplingParams(max_tokens=8, temperature=1.0)
    futures = [
        base.sample(prompt=types.ModelInput.from_ints(prompt), num_samples=1, sampling_params=params)
        for prompt in prompts
    ]
    results = [future.result() for future in futures]
    assert len(results) == 64
    assert all(1 <= len(result.sequences[0].tokens) <= 8 for result in results)


def test_logprobs_of_the_prompt(base, question):
    values = base.compute_logprobs(types.ModelInput.from_ints(question)).result()
    assert len(values) == len(question)
    assert values[0] is None
    assert all(value <= 0 for value in values[1:])


def test_logprobs_of_a_prompt_that_fills_the_context(base, question):
    context = 1024
    full = (question * context)[:context]
    values = base.compute_logprobs(types.ModelInput.from_ints(full)).result()
    assert len(values) == context
    # In float32 a token that is certain may come out a little above 0.
    assert all(value <= 1e-4 for value in values[1:])


def test_best_tokens_of_every_prompt_position(base, question):
    result = base.sample(
        prompt=types.ModelInput.from_ints(question),
        num_samples=1,
        sampling_params=types.SamplingParams(max_tokens=1),
        include_prompt_logprobs=True,
        topk_prompt_logprobs=3,
    ).result()
    assert result.topk_prompt_logprobs[0] is None
    values, ranked = result.prompt_logprobs[1:], result.topk_prompt_logprobs[1:]
    for token, value, best in zip(question[1:], values, ranked, strict=True):
        assert len(best) == 3
        assert [score for _, score in best] == sorted((score for _, score in best), reverse=True)
        assert best[0][1] >= value - 1e-4
        known = dict(best)
        if token in known:
            assert known[token] == pytest.approx(value, abs=1e-4)


def test_sampler_and_trainer_agree(client, tokenizer):
    """After training, the log-probs of what is sampled are those that a forward pass gives."""
    trainer = training(client)
    data = [supervised_datum(tokenizer, "Who are you?", "I am a small model.")]
    for _ in range(3):
        step(trainer, data)
    policy = snapshot(trainer)
    prompt = tokenizer.encode(chat("Who are you?")[0], add_special_tokens=False)
    sequence = sample(policy, prompt, max_tokens=16, temperature=1.0, seed=5).sequences[0]
    tokens = prompt + sequence.tokens
    item = datum(tokens[:-1], target_tokens=tokens[1:], weights=[1.0] * (len(tokens) - 1))
    trained = logprobs(trainer.forward([item], "cross_entropy").result())
    assert trained[len(prompt) - 1 :] == pytest.approx(sequence.logprobs, abs=5e-3)
    scored = policy.compute_logprobs(types.ModelInput.from_ints(tokens)).result()
    assert trained == pytest.approx(scored[1:], abs=5e-3)


def test_a_sampler_is_pinned_to_its_weights(client, tokenizer):
    trainer = training(client)
    prompt = types.ModelInput.from_ints(tokenizer.encode(chat("Who are you?", "Nobody.")[0], add_special_tokens=False))
    data = [supervised_datum(tokenizer, "Who are you?", "Nobody.")]
    early = snapshot(trainer)
    before = early.compute_logprobs(prompt).result()[1:]
    for _ in range(3):
        step(trainer, data)
    late = snapshot(trainer)
    assert early.compute_logprobs(prompt).result()[1:] == pytest.approx(before, abs=1e-5)
    assert late.compute_logprobs(prompt).result()[1:] != pytest.approx(before, abs=1e-2)


def test_a_named_sampler_can_be_opened_again(client, tokenizer):
    trainer = training(client)
    step(trainer, [supervised_datum(tokenizer, "Who are you?", "Nobody.")])
    prompt = types.ModelInput.from_ints(tokenizer.encode("Who are you?", add_special_tokens=False))
    path = trainer.save_weights_for_sampler("again").result().path
    assert path == f"tinker://{trainer.model_id}/sampler_weights/again"
    opened = sampler(client, model_path=path)
    direct = snapshot(trainer)
    assert opened.compute_logprobs(prompt).result()[1:] == pytest.approx(
        direct.compute_logprobs(prompt).result()[1:], abs=1e-4
    )
    assert opened.get_base_model() == "tiny-chat"


def test_images_are_refused(base):
    picture = types.ImageChunk(data=b"\x89PNG\r\n\x1a\n", format="png", expected_tokens=4)
    prompt = types.ModelInput(chunks=[picture])
    with pytest.raises((tinker.RequestFailedError, tinker.APIStatusError), match="(?i)image"):
        base.sample(prompt=prompt, num_samples=1, sampling_params=types.SamplingParams(max_tokens=1)).result()


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_only_the_last_prompt_tokens_are_scored(base, question):
    prompt = types.ModelInput.from_ints(question)
    whole = base.compute_logprobs(prompt).result()
    tail = base.compute_logprobs(prompt, prompt_logprobs_last_n=3).result()
    assert tail[:-3] == [None] * (len(question) - 3)
    assert tail[-3:] == pytest.approx(whole[-3:], abs=1e-4)


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_every_sequence_has_an_id_of_its_own(base, question):
    result = sample(base, question, 3, max_tokens=2, temperature=1.0)
    assert len({sequence.sequence_id for sequence in result.sequences}) == 3


def ask(client, tokens, count=1, params=None, **asked):
    prompt = types.ModelInput.from_ints(tokens)
    params = types.SamplingParams(**{"max_tokens": 1, **(params or {})})
    return client.sample(prompt=prompt, num_samples=count, sampling_params=params, **asked).result()


def forward_scores(trainer, tokens, choices):
    """The log-probs that a forward pass gives K tokens for each position after the first: [len(tokens) - 1, K]."""
    shape = [len(tokens) - 1, len(choices[0])]
    flat = [token for row in choices for token in row]
    tensors = {
        "target_tokens": types.TensorData(data=flat, dtype="int64", shape=shape),
        "weights": types.TensorData(data=[1.0] * len(flat), dtype="float32", shape=shape),
    }
    item = types.Datum(model_input=types.ModelInput.from_ints(tokens[:-1]), loss_fn_inputs=tensors)
    return logprobs(trainer.forward([item], "cross_entropy").result())


@pytest.fixture(scope="module")
def trained(url, tokenizer):
    """A trainer whose weights differ from the base model's, and a sampler of them."""
    trainer = training(service(url))
    for _ in range(3):
        step(trainer, [supervised_datum(tokenizer, "Who are you?", "I am a small model.")])
    return trainer, snapshot(trainer)


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_best_tokens_of_every_sampled_position(trained, question):
    trainer, policy = trained
    result = ask(policy, question, 2, {"max_tokens": 6, "temperature": 0.0}, topk_sample_logprobs=3)
    for sequence in result.sequences:
        rows = sequence.topk_logprobs
        assert [row[0][0] for row in rows] == sequence.tokens
        assert [row[0][1] for row in rows] == pytest.approx(sequence.logprobs)
        best = [[token for token, _ in row] for row in rows]
        padding = [[0, 0, 0]] * (len(question) - 1)
        expected = forward_scores(trainer, question + sequence.tokens, padding + best)[3 * len(padding) :]
        assert [value for row in rows for _, value in row] == pytest.approx(expected, abs=5e-3)


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_logprobs_of_named_tokens_of_the_prompt(trained, question):
    trainer, policy = trained
    choices = [[token, (token + 1) % 100] for token in question[1:]]
    expected = forward_scores(trainer, question, choices)
    flat = [token for row in choices for token in row]
    dense = types.TensorData(data=flat, dtype="int64", shape=[len(choices), 2])
    result = ask(policy, question, include_prompt_logprobs=True, target_prompt_logprobs=dense)
    scored = result.target_prompt_logprobs
    assert (scored.dtype, scored.shape) == ("float32", dense.shape)
    assert scored.data == pytest.approx(expected, abs=5e-3)
    assert scored.data[::2] == pytest.approx(result.prompt_logprobs[1:], abs=1e-4)
    gaps = types.TensorData(data=[-1] * (len(flat) - 1) + flat[-1:], dtype="int64", shape=dense.shape)
    one = ask(policy, question, target_prompt_logprobs=gaps).target_prompt_logprobs
    assert one.data == pytest.approx([0.0] * (len(flat) - 1) + scored.data[-1:], abs=1e-4)


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_named_tokens_of_a_sparse_tensor_come_back_sparse(trained, question):
    _, policy = trained
    rows = len(question) - 1
    tokens = [question[-2], question[-1]]
    sparse = types.TensorData(
        data=tokens,
        dtype="int64",
        shape=[rows, 1000],
        sparse_crow_indices=[0] * (rows - 1) + [1, 2],
        sparse_col_indices=[999, 7],
    )
    result = ask(policy, question, include_prompt_logprobs=True, target_prompt_logprobs=sparse)
    scored = result.target_prompt_logprobs
    assert (scored.shape, scored.sparse_crow_indices, scored.sparse_col_indices) == (
        sparse.shape,
        sparse.sparse_crow_indices,
        sparse.sparse_col_indices,
    )
    assert scored.data == pytest.approx(result.prompt_logprobs[-2:], abs=1e-4)


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_alternatives_to_the_prompt(trained, question):
    trainer, policy = trained
    seeded = {"temperature": 1.0, "seed": 3}
    drawn = ask(policy, question, params=seeded, prompt_alt_tokens_k=4).prompt_alt_tokens
    shape = [len(question) - 1, 4]
    assert (drawn.tokens.shape, drawn.logprobs.shape) == (shape, shape)
    assert (drawn.tokens.dtype, drawn.logprobs.dtype) == ("int64", "float32")
    expected = forward_scores(trainer, question, drawn.tokens.tolist())
    assert drawn.logprobs.data == pytest.approx(expected, abs=5e-3)
    again = ask(policy, question, params=seeded, prompt_alt_tokens_k=4).prompt_alt_tokens
    assert again.tokens.data == drawn.tokens.data
    assert any(len(set(row)) > 1 for row in drawn.tokens.tolist())
    greedy = ask(policy, question, params=GREEDY, prompt_alt_tokens_k=2, topk_prompt_logprobs=1)
    best = [row[0][0] for row in greedy.topk_prompt_logprobs[1:]]
    assert greedy.prompt_alt_tokens.tokens.tolist() == [[token, token] for token in best]
    assert ask(policy, question[:1], prompt_alt_tokens_k=2).prompt_alt_tokens.tokens.shape == [0, 2]


@pytest.mark.skipif(SDK < (0, 38), reason="needs tinker 0.38 or later")
def test_what_cannot_be_scored_is_refused_with_the_reason(base, question):
    short = types.TensorData(data=[1], dtype="int64", shape=[1, 1])
    with pytest.raises(tinker.APIStatusError, match="target_prompt_logprobs.shape is .1,1."):
        ask(base, question, target_prompt_logprobs=short)
