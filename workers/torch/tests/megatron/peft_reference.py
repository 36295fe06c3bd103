"""The same adapters on transformers and PEFT in one process, and what tests send to both."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from megatron_models import SIZES, make_model
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from thinker_worker.engine import AdapterHandle, AdapterState, LoraSpec, PassItem, Ragged, WeightsRef
from thinker_worker.numerics.dropout import DroppedRows, dropout_mask
from torch import Tensor

ALL_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")
PREFIX = "base_model.model."


def lora_spec(rank: int = 4, targets: tuple[str, ...] = ALL_TARGETS, **fields: object) -> LoraSpec:
    values: dict[str, object] = {"alpha": 6.0, "dropout": 0.0, "rs_lora": False, "seed": 1, **fields}
    return LoraSpec(rank=rank, target_modules=targets, **values)


class Masked(torch.nn.Module):
    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.mask = mask

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask


class Reference:
    """A tiny model with one adapter, whose A and B are random (PEFT's B is zero, and would hide A's gradient)."""

    def __init__(self, model: str, spec: LoraSpec, seed: int = 0) -> None:
        config = LoraConfig(
            r=spec.rank,
            lora_alpha=spec.alpha,
            target_modules=list(spec.target_modules),
            use_rslora=spec.rs_lora,
            rank_pattern=dict(spec.rank_pattern),
            alpha_pattern=dict(spec.alpha_pattern),
        )
        self.model = model
        self.spec = spec
        self.peft: PeftModel = get_peft_model(make_model(model), config).eval()
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters().values():
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        named = self.peft.named_parameters()
        return {
            name.removeprefix(PREFIX).replace(".default", ""): parameter for name, parameter in named if "lora_" in name
        }

    def weights(self) -> dict[str, Tensor]:
        return {name: parameter.detach().clone() for name, parameter in self.parameters().items()}

    def gradients(self) -> dict[str, Tensor]:
        return {name: parameter.grad.clone() for name, parameter in self.parameters().items()}

    def logprobs(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Of one datum: tokens [N], targets [N] or [N, K] -> the same shape as targets."""
        own = self.peft(tokens[None].long()).logits[0].log_softmax(-1)
        picked = own.gather(-1, targets.long().view(len(tokens), -1))
        return picked.view(targets.shape)

    def drop(self, passes: int, datum: int, length: int, scored: Tensor) -> None:
        """From now on PEFT drops out what the engine drops out of this datum. The head reads scored positions alone."""
        for name, module in self.peft.named_modules():
            if not isinstance(module, LoraLayer):
                continue
            own = name.removeprefix(PREFIX)
            head = own == "lm_head"
            mask = torch.ones(length, module.in_features)
            rows = scored if head else torch.ones(length, dtype=torch.bool)
            dropped = [DroppedRows(datum, int(rows.sum()))]
            mask[rows] = dropout_mask(own, self.spec, passes, dropped, module.in_features, torch.device("cpu"))
            module.lora_dropout["default"] = Masked(mask)

    def handle(self, adapter_id: str) -> AdapterHandle:
        return AdapterHandle(adapter_id, self.model, self.spec)

    def state(self) -> AdapterState:
        return fresh_state(self.weights())


def fresh_state(weights: Mapping[str, Tensor]) -> AdapterState:
    return AdapterState(weights=weights, m={}, v={}, step=0, gradients=None, gradient_passes=0, passes=0)


class Datums:
    """Random datums of these lengths; where `choices` is given, with as many targets per position."""

    def __init__(self, lengths: list[int], choices: int | None = None, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        vocab = SIZES["vocab_size"]
        shape = () if choices is None else (choices,)
        self.tokens = [torch.randint(vocab, (n,), generator=generator, dtype=torch.int32) for n in lengths]
        self.targets = [torch.randint(vocab, (n, *shape), generator=generator, dtype=torch.int32) for n in lengths]
        # Some positions are not scored; the first of every datum is.
        self.scored = [torch.rand(n, generator=generator) < 0.8 for n in lengths]
        for scored in self.scored:
            scored[0] = True
        self.slopes = [torch.randn((int(s.sum()), *shape), generator=generator) for s in self.scored]
        self._shape = shape

    def item(self, weights: WeightsRef, train: bool = True) -> PassItem:
        offsets = torch.tensor([0, *(len(t) for t in self.tokens)]).cumsum(0).int()
        return PassItem(
            weights=weights,
            train=train,
            tokens=Ragged(torch.cat(self.tokens), offsets),
            targets=Ragged(torch.cat(self.targets).flatten(), offsets, self._shape),
            scored=torch.cat(self.scored).to(torch.uint8),
        )

    def all_slopes(self, order: tuple[int, ...]) -> Tensor:
        return torch.cat([self.slopes[datum].flatten() for datum in order])

    def reference(self, reference: Reference) -> list[Tensor]:
        """Log-probs of the scored positions, each datum computed alone."""
        return [
            reference.logprobs(tokens, targets)[scored]
            for tokens, targets, scored in zip(self.tokens, self.targets, self.scored, strict=True)
        ]
