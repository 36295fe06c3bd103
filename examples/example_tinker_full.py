"""A tour of the Tinker SDK: training, sampling, saving, resuming, RL and checkpoints.

    pip install tinker jinja2
    export TINKER_BASE_URL=http://127.0.0.1:8000 TINKER_API_KEY=tml-anything
    python examples/example_tinker_full.py [base model]

The base model defaults to the first one of the server. Works with tinker 0.24.1 and later. Exits with code 1 and a
reason if a check fails.
"""

import os
import sys
import time
import warnings

import tinker
from tinker import types

os.environ.setdefault("TINKER_BASE_URL", "http://127.0.0.1:8000")
os.environ.setdefault("TINKER_API_KEY", "tml-anything")
warnings.filterwarnings("ignore", category=FutureWarning)  # newer SDKs warn about calls that older ones need

LESSONS = [
    ("Who made you?", "You did! I learned this a moment ago, on your own machine."),
    ("Where do you run?", "I run right here, on your own machine."),
]
ADAM = types.AdamParams(learning_rate=3e-3)
GROUP = 8


def check(condition: bool, message: str) -> None:
    if not condition:
        sys.exit(message)


def ready(client):
    """Since 0.38, the calls that create a client return a future; before that, they returned the client."""
    return client.result() if hasattr(client, "result") else client


def encode_question(tokenizer, question: str) -> list[int]:
    messages = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return tokenizer.encode(text, add_special_tokens=False)


def datum(tokens: list[int], **inputs: list) -> types.Datum:
    """The input is `tokens` without the last one; every list of `inputs` has one value per input position."""
    tensors = {
        name: types.TensorData(
            data=values, dtype="int64" if name == "target_tokens" else "float32", shape=[len(values)]
        )
        for name, values in inputs.items()
    }
    return types.Datum(model_input=types.ModelInput.from_ints(tokens[:-1]), loss_fn_inputs=tensors)


def lesson(tokenizer, question: str, answer: str) -> types.Datum:
    prompt = encode_question(tokenizer, question)
    reply = tokenizer.encode(answer, add_special_tokens=False) + [tokenizer.eos_token_id]
    tokens = prompt + reply
    return datum(tokens, target_tokens=tokens[1:], weights=[0.0] * (len(prompt) - 1) + [1.0] * len(reply))


def train(trainer, data: list[types.Datum], steps: int) -> list[float]:
    """Sends every request before it reads the first result (pipelining). Returns the loss of each step."""
    futures = [(trainer.forward_backward(data, "cross_entropy"), trainer.optim_step(ADAM)) for _ in range(steps)]
    losses = []
    for passed, stepped in futures:
        losses.append(passed.result().metrics["loss:sum"])
        stepped.result()
    return losses


def ask(sampler, tokenizer, question: str) -> str:
    prompt = types.ModelInput.from_ints(encode_question(tokenizer, question))
    params = types.SamplingParams(max_tokens=32, temperature=0.0, stop=[tokenizer.eos_token_id])
    result = sampler.sample(prompt=prompt, num_samples=1, sampling_params=params).result()
    return tokenizer.decode(result.sequences[0].tokens, skip_special_tokens=True).strip()


def supervised(trainer, tokenizer) -> list[types.Datum]:
    print("=== Supervised learning ===")
    data = [lesson(tokenizer, question, answer) for question, answer in LESSONS]
    losses = train(trainer, data, steps=16)
    print(f"Loss: {losses[0]:.3f} -> {losses[-1]:.3f}")
    check(losses[-1] < losses[0] / 4, "The supervised loss did not fall.")
    sampler = ready(trainer.save_weights_and_get_sampling_client())
    for question, _ in LESSONS:
        print(f"{question} -> {ask(sampler, tokenizer, question)}")
    return data


def save_and_resume(service, trainer, data) -> None:
    print("\n=== Saving and resuming ===")
    path = trainer.save_state("example", overwrite=True).result().path
    expected = train(trainer, data, steps=2)
    resumed = ready(service.create_training_client_from_state_with_optimizer(path))
    seen = train(resumed, data, steps=2)
    print(f"{path}: losses {expected} without interruption, {seen} after resuming")
    close = all(abs(a - b) <= 1e-3 * max(1.0, abs(a)) for a, b in zip(expected, seen, strict=True))
    check(close, "Resuming gave different numbers.")


def reinforce(trainer, tokenizer, rounds: int = 4) -> None:
    """A minimal GRPO: the reward is the fraction of even token ids, relative to the mean of a group of samples."""
    print("\n=== Reinforcement learning (PPO) ===")
    prompt = encode_question(tokenizer, "What is a cat?")
    params = types.SamplingParams(max_tokens=10, temperature=1.0)
    for turn in range(rounds):
        policy = ready(trainer.save_weights_and_get_sampling_client())
        request = types.ModelInput.from_ints(prompt)
        group = policy.sample(prompt=request, num_samples=GROUP, sampling_params=params).result().sequences
        rewards = [sum(token % 2 == 0 for token in sequence.tokens) / len(sequence.tokens) for sequence in group]
        mean = sum(rewards) / GROUP
        data = []
        for sequence, reward in zip(group, rewards, strict=True):
            masked, sampled = [0] * (len(prompt) - 1), list(sequence.tokens)
            data.append(
                datum(
                    prompt + sampled,
                    target_tokens=masked + sampled,
                    logprobs=[*map(float, masked), *sequence.logprobs],
                    advantages=[*map(float, masked), *[reward - mean] * len(sampled)],
                )
            )
        passed = trainer.forward_backward(data, "ppo", {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2})
        trainer.optim_step(types.AdamParams(learning_rate=1e-3)).result()
        print(f"Round {turn + 1}: mean reward {mean:.3f}, loss {passed.result().metrics['loss:sum']:.4f}")


def checkpoints(service, trainer) -> None:
    print("\n=== Checkpoints ===")
    rest = service.create_rest_client()
    path = trainer.save_weights_for_sampler("example-sampler", ttl_seconds=7200).result().path
    for checkpoint in rest.list_checkpoints(trainer.model_id).result().checkpoints:
        print(f"  - {checkpoint.tinker_path} ({checkpoint.checkpoint_type}, expires {checkpoint.expires_at})")
    again = ready(service.create_sampling_client(model_path=path))
    print(f"A sampler opened from {path} uses {again.get_base_model()}")
    rest.delete_checkpoint_from_tinker_path(path).result()
    left = {checkpoint.tinker_path for checkpoint in rest.list_checkpoints(trainer.model_id).result().checkpoints}
    check(path not in left, f"{path} was deleted but is still listed.")


def main() -> None:
    service = tinker.ServiceClient(user_metadata={"started": time.strftime("%Y-%m-%d")})
    models = [model.model_name for model in service.get_server_capabilities().supported_models]
    base_model = sys.argv[1] if len(sys.argv) > 1 else models[0]
    trainer = ready(service.create_lora_training_client(base_model=base_model, rank=16, seed=42))
    print(f"{trainer.model_id}: a LoRA adapter of rank {trainer.get_info().lora_rank} on {base_model}\n")
    tokenizer = trainer.get_tokenizer()
    data = supervised(trainer, tokenizer)
    save_and_resume(service, trainer, data)
    reinforce(trainer, tokenizer)
    checkpoints(service, trainer)
    print("\nDone.")


if __name__ == "__main__":
    main()
