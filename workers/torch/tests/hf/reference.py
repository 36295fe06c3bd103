"""transformers + PEFT + torch.optim in one process, datum by datum, with which the engine's numbers are compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from thinker_worker.engine import LoraSpec, PassItem
from torch import Tensor
from transformers import AutoModelForCausalLM

PREFIX = "base_model.model."


class Reference:
    def __init__(self, folder: Path, lora: LoraSpec, weights: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> None:
        base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
        config = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, target_modules=list(lora.target_modules))  # type: ignore[arg-type]
        self.model = get_peft_model(base, config).eval()
        self.parameters = {
            name.removeprefix(PREFIX).replace(".default.", "."): parameter
            for name, parameter in self.model.named_parameters()
            if parameter.requires_grad
        }
        assert set(self.parameters) == set(weights)
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(weights[name])

    def logprobs(self, item: PassItem) -> Tensor:
        """Of all scored targets, datum by datum, with a graph for the gradient."""
        offsets = item.tokens.offsets.tolist()
        width = item.targets.data.numel() // item.tokens.data.numel()
        targets = item.targets.data.view(-1, width).long()
        found = []
        for start, end in zip(offsets, offsets[1:], strict=False):
            logits = self.model(input_ids=item.tokens.data[None, start:end].long()).logits[0]
            own = torch.log_softmax(logits.float(), -1).gather(1, targets[start:end])
            found.append(own[item.scored[start:end].bool()].reshape(-1))
        return torch.cat(found)
