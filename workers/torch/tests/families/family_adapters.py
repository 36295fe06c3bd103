"""An adapter on transformers and PEFT in one process, and its passes and sequences on an engine."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from family_models import VOCABULARY, make_model, targets_of
from peft import LoraConfig, get_peft_model
from thinker_worker.engine import (
    AdapterHandle,
    AdapterState,
    Engine,
    LoraSpec,
    PassItem,
    Ragged,
    RunPart,
    SequenceStep,
    WeightsRef,
)
from torch import Tensor

PREFIX = "base_model.model."


class PeftReference:
    """A model of a family with a LoRA on all that can carry one, of random A and B: a B of zeros would hide A's gradient."""

    def __init__(self, family: str, rank: int, seed: int) -> None:
        targets = targets_of(family)
        self.family = family
        self.spec = LoraSpec(rank, alpha=6.0, dropout=0.0, target_modules=targets, rs_lora=False, seed=seed)
        self.model = get_peft_model(make_model(family), LoraConfig(r=rank, lora_alpha=6.0, target_modules=list(targets)))
        self.model.eval()
        generator = torch.Generator().manual_seed(seed)
        self.parameters = {
            name.removeprefix(PREFIX).replace(".default", ""): parameter
            for name, parameter in self.model.named_parameters()
            if "lora_" in name
        }
        for parameter in self.parameters.values():
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2

    def create_on(self, engine: Engine, adapter: str) -> None:
        weights = {name: parameter.detach().clone() for name, parameter in self.parameters.items()}
        state = AdapterState(weights, m={}, v={}, step=0, gradients=None, gradient_passes=0, passes=0)
        engine.create_adapter(AdapterHandle(adapter, self.family, self.spec), state)

    def logits(self, tokens: Tensor) -> Tensor:
        return self.model(tokens[None]).logits[0]

    def train(self, datums: Datums) -> tuple[list[Tensor], dict[str, Tensor]]:
        """@returns log-probs by datum, and the gradients of all of them together"""
        found = []
        for tokens, targets, slopes in zip(datums.tokens, datums.targets, datums.slopes, strict=True):
            logprobs = self.logits(tokens).log_softmax(-1).gather(1, targets[:, None])[:, 0]
            (logprobs * slopes).sum().backward()
            found.append(logprobs.detach())
        return found, {name: parameter.grad for name, parameter in self.parameters.items()}

    @torch.no_grad()
    def greedy(self, prompt: Tensor, count: int) -> list[int]:
        out = self.model.generate(input_ids=prompt[None], max_new_tokens=count, do_sample=False, eos_token_id=None)
        return out[0, prompt.numel() :].tolist()


class Datums:
    def __init__(self, lengths: Sequence[int], seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.tokens = [torch.randint(VOCABULARY, (length,), generator=generator) for length in lengths]
        self.targets = [torch.randint(VOCABULARY, (length,), generator=generator) for length in lengths]
        self.slopes = [torch.randn(length, generator=generator) for length in lengths]

    def item(self, adapter: str) -> PassItem:
        offsets = torch.tensor([0, *(tokens.numel() for tokens in self.tokens)]).cumsum(0).int()
        tokens, targets = (torch.cat(rows).int() for rows in (self.tokens, self.targets))
        scored = torch.ones(tokens.numel(), dtype=torch.uint8)
        return PassItem(WeightsRef("adapter", adapter), True, Ragged(tokens, offsets), Ragged(targets, offsets), scored)


def train_on(engine: Engine, batches: dict[str, Datums]) -> dict[str, tuple[list[Tensor], dict[str, Tensor]]]:
    """All adapters in one run of one pass. @returns of each what PeftReference.train does"""
    parts = [RunPart(index, tuple(range(len(datums.tokens)))) for index, datums in enumerate(batches.values())]
    assert engine.open_pass(1, [datums.item(adapter) for adapter, datums in batches.items()]) == {}
    logprobs = engine.forward(1, parts)
    engine.backward(1, [torch.cat(datums.slopes) for datums in batches.values()])
    found = {}
    for index, adapter in enumerate(batches):
        engine.drop_gradients(adapter)
        engine.keep_gradients(1, index)
        state = engine.export_state(adapter)
        assert state is not None and state.gradients is not None
        found[adapter] = ([own for own in logprobs[index] if own is not None], dict(state.gradients))
    engine.close_pass(1)
    return found


def greedy_on(engine: Engine, adapter: str, prompt: Tensor, count: int) -> list[int]:
    """Reads the prompt in two pieces, then draws token by token."""
    engine.open_sequence(1, WeightsRef("adapter", adapter))
    half = prompt.numel() // 2
    engine.advance([SequenceStep(1, prompt[:half].int(), torch.empty(0, dtype=torch.int32))])
    tokens = prompt[half:]
    drawn: list[int] = []
    while len(drawn) < count:
        last = torch.tensor([tokens.numel() - 1], dtype=torch.int32)
        (step,) = engine.advance([SequenceStep(1, tokens.int(), last)])
        assert step is not None
        drawn.append(int(step.logits[0].argmax()))
        tokens = torch.tensor(drawn[-1:])
    engine.close_sequences([1])
    return drawn
