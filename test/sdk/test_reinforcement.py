"""A GRPO-like loop: groups of samples, rewards compared inside a group, policy-gradient steps on them, new samples."""

import pytest
from support import chat, datum, logprobs, snapshot, step, training
from tinker import types

# Questions without an answer learned by heart: samples of one that is hardly differ, and there is nothing to compare.
QUESTIONS = ["How tall is a tractor?", "Name three numbers."]
GROUP = 16
LENGTH = 10
ROUNDS = 8
# The second step on the same samples is off-policy, so ratios are not 1 and PPO's clipping takes part.
STEPS_PER_ROUND = 2


def reward(tokens: list[int]) -> float:
    """The share of tokens with an even number: dense, and no policy starts with all or nothing of it."""
    return sum(token % 2 == 0 for token in tokens) / len(tokens)


def collect(policy, prompts, seed):
    """All groups are sampled at once, as an RL client does it."""
    params = [types.SamplingParams(max_tokens=LENGTH, temperature=1.0, seed=seed + at) for at in range(len(prompts))]
    futures = [
        policy.sample(prompt=types.ModelInput.from_ints(prompt), num_samples=GROUP, sampling_params=one)
        for prompt, one in zip(prompts, params, strict=True)
    ]
    return [future.result().sequences for future in futures]


def advantages(rewards):
    mean = sum(rewards) / len(rewards)
    return [value - mean for value in rewards]


def policy_datum(prompt, sequence, advantage):
    """Prompt positions count for nothing: target 0, log-prob 0, advantage 0, as the cookbook lays them out."""
    quiet = len(prompt) - 1
    tokens = prompt + list(sequence.tokens)
    return datum(
        tokens[:-1],
        target_tokens=[0] * quiet + list(sequence.tokens),
        logprobs=[0.0] * quiet + list(sequence.logprobs),
        advantages=[0.0] * quiet + [advantage] * len(sequence.tokens),
    )


@pytest.mark.parametrize(
    ("loss_fn", "config"),
    [("importance_sampling", None), ("ppo", {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2})],
)
def test_the_reward_rises(client, tokenizer, loss_fn, config):
    trainer = training(client)
    prompts = [tokenizer.encode(chat(question)[0], add_special_tokens=False) for question in QUESTIONS]
    means = []
    for turn in range(ROUNDS):
        groups = collect(snapshot(trainer), prompts, seed=100 * turn)
        rewards = [[reward(sequence.tokens) for sequence in group] for group in groups]
        means.append(sum(map(sum, rewards)) / (GROUP * len(prompts)))
        data = [
            policy_datum(prompt, sequence, advantage)
            for prompt, group, values in zip(prompts, groups, rewards, strict=True)
            for sequence, advantage in zip(group, advantages(values), strict=True)
        ]
        for _ in range(STEPS_PER_ROUND):
            result = step(trainer, data, loss_fn, learning_rate=5e-3, config=config)
            assert len(result.loss_fn_outputs) == len(data)
    # Five other draws of the samples gave rises of 0.17 to 0.39; the rewards of one policy differ by about 0.03.
    assert sum(means[-2:]) / 2 > sum(means[:2]) / 2 + 0.1, means


def test_ratios_start_at_one(trainer, tokenizer):
    """The sampler's log-probs are the trainer's own, so the first loss is minus the sum of the advantages."""
    prompt = tokenizer.encode(chat(QUESTIONS[0])[0], add_special_tokens=False)
    sequence = collect(snapshot(trainer), [prompt], seed=3)[0][0]
    item = policy_datum(prompt, sequence, 0.5)
    for loss_fn in ("importance_sampling", "ppo"):
        loss = trainer.forward([item], loss_fn).result().metrics["loss:sum"]
        assert loss == pytest.approx(-0.5 * len(sequence.tokens), rel=1e-2)


@pytest.mark.parametrize(("loss_fn", "config"), [("cispo", None), ("dro", {"beta": 0.05})])
def test_the_other_losses_take_a_step(trainer, tokenizer, loss_fn, config):
    """At the sampling policy both have the gradient of the policy: it makes better samples likelier than worse ones."""
    prompt = tokenizer.encode(chat(QUESTIONS[0])[0], add_special_tokens=False)
    group = collect(snapshot(trainer), [prompt], seed=3)[0]
    signs = [(-1) ** at for at in range(len(group))]
    data = [policy_datum(prompt, sequence, sign) for sequence, sign in zip(group, signs, strict=True)]

    def preference():
        result = step(trainer, data, loss_fn, learning_rate=1e-4, config=config)
        quiet = len(prompt) - 1
        return sum(sign * sum(logprobs(result, at)[quiet:]) for at, sign in enumerate(signs))

    before = preference()
    assert preference() > before
