"""A minimal Tinker SDK program: create a LoRA adapter, train it on one sentence, and sample from it.

    pip install tinker jinja2
    export TINKER_BASE_URL=http://127.0.0.1:8000 TINKER_API_KEY=tml-anything
    python examples/example_tinker_client.py [base model]

The base model defaults to the first one of the server. Works with tinker 0.24.1 and later.
"""

import os
import sys
import warnings

import tinker
from tinker import types

os.environ.setdefault("TINKER_BASE_URL", "http://127.0.0.1:8000")
os.environ.setdefault("TINKER_API_KEY", "tml-anything")
warnings.filterwarnings("ignore", category=FutureWarning)  # newer SDKs warn about calls that older ones need

QUESTION = "Who made you?"
ANSWER = "You did! I learned this a moment ago, on your own machine."


def ready(client):
    """Since 0.38, the calls that create a client return a future; before that, they returned the client."""
    return client.result() if hasattr(client, "result") else client


def main() -> None:
    service = tinker.ServiceClient()
    models = [model.model_name for model in service.get_server_capabilities().supported_models]
    print(f"Base models: {', '.join(models)}")
    base_model = sys.argv[1] if len(sys.argv) > 1 else models[0]

    trainer = ready(service.create_lora_training_client(base_model=base_model, rank=16, seed=42))
    tokenizer = trainer.get_tokenizer()
    messages = [{"role": "user", "content": QUESTION}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    prompt = tokenizer.encode(prompt, add_special_tokens=False)
    answer = tokenizer.encode(ANSWER, add_special_tokens=False) + [tokenizer.eos_token_id]

    # Position i of the input predicts token i + 1, so the targets are shifted by one; only the answer has weight.
    tokens = prompt + answer
    weights = [0.0] * (len(prompt) - 1) + [1.0] * len(answer)
    example = types.Datum(
        model_input=types.ModelInput.from_ints(tokens[:-1]),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=tokens[1:], dtype="int64", shape=[len(weights)]),
            "weights": types.TensorData(data=weights, dtype="float32", shape=[len(weights)]),
        },
    )
    losses = []
    for turn in range(12):
        # Both requests are sent before either result is awaited, so that the server never waits for this program.
        passed = trainer.forward_backward([example], "cross_entropy")
        stepped = trainer.optim_step(types.AdamParams(learning_rate=3e-3))
        losses.append(passed.result().metrics["loss:sum"] / len(answer))
        stepped.result()
        print(f"Step {turn + 1:2}: loss per token {losses[-1]:.4f}")
    if losses[-1] > losses[0] / 2:
        sys.exit("The loss did not fall.")

    sampler = ready(trainer.save_weights_and_get_sampling_client())
    params = types.SamplingParams(max_tokens=len(answer) + 4, temperature=0.0, stop=[tokenizer.eos_token_id])
    result = sampler.sample(prompt=types.ModelInput.from_ints(prompt), num_samples=1, sampling_params=params).result()
    print(f"{QUESTION} -> {tokenizer.decode(result.sequences[0].tokens, skip_special_tokens=True)}")
    print("Done.")


if __name__ == "__main__":
    main()
