"""forward_backward_custom: the loss is the client's own torch function, the gradients are the server's."""

import pytest
from support import logprobs, needs_torch, snapshot, supervised_datum, training
from tinker import types

pytestmark = needs_torch
ADAM = types.AdamParams(learning_rate=2e-3)


def test_it_gives_the_gradients_of_the_loss_it_imitates(client, tokenizer):
    data = [supervised_datum(tokenizer, "Who made you?", "You did.")]
    weights = data[0].loss_fn_inputs["weights"].to_torch()

    def imitation(_, values):
        loss = -(values[0] * weights).sum()
        return loss, {"mine": loss.item()}

    built_in, custom = training(client), training(client)
    for _ in range(2):
        expected = built_in.forward_backward(data, "cross_entropy").result()
        built_in.optim_step(ADAM).result()
        seen = custom.forward_backward_custom(data, imitation).result()
        custom.optim_step(ADAM).result()
        assert seen.metrics["mine"] == pytest.approx(expected.metrics["loss:sum"], rel=1e-3)
    after = [logprobs(one.forward(data, "cross_entropy").result()) for one in (built_in, custom)]
    assert after[1] == pytest.approx(after[0], abs=2e-3)


def test_dpo_prefers_the_chosen_answer(client, tokenizer):
    import torch
    import torch.nn.functional as F

    question = "What colour is the sky?"
    chosen = supervised_datum(tokenizer, question, "The sky is green.")
    rejected = supervised_datum(tokenizer, question, "The sky is blue.")
    pair, beta = [chosen, rejected], 0.1
    masks = [item.loss_fn_inputs["weights"].to_torch() for item in pair]
    trainer = training(client)
    reference = snapshot(trainer)

    def reference_score(item):
        tokens = item.model_input.to_ints() + [item.loss_fn_inputs["target_tokens"].data[-1]]
        values = reference.compute_logprobs(types.ModelInput.from_ints([int(t) for t in tokens])).result()[1:]
        mask = item.loss_fn_inputs["weights"].data
        return sum(value * weight for value, weight in zip(values, mask, strict=True))

    baseline = [reference_score(item) for item in pair]

    def dpo(_, values):
        scores = [(value * mask).sum() - base for value, mask, base in zip(values, masks, baseline, strict=True)]
        margin = scores[0] - scores[1]
        return -F.logsigmoid(beta * margin), {"margin": float(margin.detach())}

    targets = [{"target_tokens": item.loss_fn_inputs["target_tokens"]} for item in pair]
    data = [
        types.Datum(model_input=item.model_input, loss_fn_inputs=own) for item, own in zip(pair, targets, strict=True)
    ]
    margins = []
    for _ in range(6):
        result = trainer.forward_backward_custom(data, dpo).result()
        trainer.optim_step(ADAM).result()
        margins.append(result.metrics["margin"])
    assert margins[0] == pytest.approx(0.0, abs=0.05)
    assert margins[-1] > 5.0, margins
    assert torch.tensor(margins).diff().min() > 0, margins
