"""The reference: transformers + PEFT as one would write a loop over several adapters, switching between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from torch import Tensor
from transformers import AutoModelForCausalLM

from gpu_bench.ours import ADAM
from gpu_bench.shapes import ALPHA, MODULES

PREFIX = "base_model.model."


class Peer:
    """@param dtype of the base; PEFT keeps adapters in float32"""

    def __init__(self, folder: Path, device: torch.device, dtype: torch.dtype, rank: int) -> None:
        self._base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa").to(device)
        self._device = device
        self._lora = LoraConfig(r=rank, lora_alpha=ALPHA, target_modules=list(MODULES), task_type="CAUSAL_LM")
        self._model: PeftModel | None = None
        self._optimizers: dict[str, torch.optim.AdamW] = {}

    @property
    def model(self) -> PeftModel:
        assert self._model is not None
        return self._model

    def create(self, name: str, weights: Mapping[str, Tensor]) -> None:
        if self._model is None:
            self._model = get_peft_model(self._base, self._lora, adapter_name=name)
        else:
            self._model.add_adapter(name, self._lora)
        set_peft_model_state_dict(self._model, {PREFIX + key: tensor for key, tensor in weights.items()}, adapter_name=name)
        self._model.set_adapter(name)
        # Nothing drops out, so train mode computes the same; eval mode also serves decoding.
        self._model.eval()
        options = {"lr": ADAM.learning_rate, "betas": (ADAM.beta1, ADAM.beta2), "eps": ADAM.eps, "weight_decay": 0.0}
        self._optimizers[name] = torch.optim.AdamW(self._trained().values(), fused=self._device.type == "cuda", **options)

    def forward_backward(self, name: str, chats: Sequence[Tensor]) -> Tensor:
        """Chats of one length. @returns log-probs of the targets, datum by datum"""
        self.model.set_adapter(name)
        tokens = torch.stack(list(chats)).to(self._device)
        logits = self.model(input_ids=tokens[:, :-1], use_cache=False).logits.float()
        targets = tokens[:, 1:].reshape(-1)
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction="none")
        losses.sum().backward()
        return -losses.detach().cpu()

    def gradients(self, name: str) -> dict[str, Tensor]:
        self.model.set_adapter(name)
        return {key: parameter.grad.float().cpu() for key, parameter in self._trained().items() if parameter.grad is not None}

    def drop_gradients(self, name: str) -> None:
        self._optimizers[name].zero_grad(set_to_none=True)

    def step(self, name: str) -> None:
        self._optimizers[name].step()
        self.drop_gradients(name)

    @torch.inference_mode()
    def decode(self, name: str, prompts: Sequence[Tensor], new_tokens: int) -> Tensor:
        """Greedy, prompts of one length, all with one adapter. @returns token ids [prompts, new_tokens]"""
        self.model.set_adapter(name)
        tokens = torch.stack(list(prompts)).to(self._device)
        out = self.model.generate(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),
            do_sample=False,
            max_new_tokens=new_tokens,
            eos_token_id=None,
            pad_token_id=0,
        )
        return out[:, tokens.shape[1] :].cpu()

    def _trained(self) -> dict[str, torch.nn.Parameter]:
        """Parameters of the adapter that is set, by the names of its files."""
        name = f".{self.model.active_adapter}."
        named = self.model.named_parameters()
        return {key.removeprefix(PREFIX).replace(name, "."): own for key, own in named if own.requires_grad and name in key}
