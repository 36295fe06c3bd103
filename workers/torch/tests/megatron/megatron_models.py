"""Tiny models with random weights, one for each thing that families do differently."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    # Odd, so that two ranks do not share it evenly.
    "vocab_size": 61,
    "max_position_embeddings": 128,
    # Larger than usual, so that logits differ from token to token.
    "initializer_range": 0.2,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 8.0, "original_max_position_embeddings": 16}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.0}


def make_model(name: str) -> PreTrainedModel:
    torch.manual_seed(len(name))
    match name:
        case "llama":
            model = LlamaForCausalLM(LlamaConfig(**SIZES, rope_parameters=LLAMA3, tie_word_embeddings=False))
        case "qwen2":
            model = Qwen2ForCausalLM(Qwen2Config(**SIZES, rope_parameters=YARN, tie_word_embeddings=True))
        case "qwen3":
            model = Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=16, tie_word_embeddings=True))
        case "mistral":
            model = MistralForCausalLM(
                MistralConfig(**SIZES, sliding_window=5, rope_parameters=LINEAR, tie_word_embeddings=False)
            )
        case _:
            raise ValueError(name)
    for parameter_name, parameter in model.named_parameters():
        # Norms and biases start as ones and zeros, which would hide a wrong one.
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, mean=0.0 if parameter_name.endswith("bias") else 1.0, std=0.3)
    # So that generate goes on whatever it draws.
    model.generation_config.eos_token_id = None
    return model.eval()


NAMES = ("llama", "qwen2", "qwen3", "mistral")


def save_models(folder: Path) -> dict[str, Path]:
    folders = {}
    for name in NAMES:
        folders[name] = folder / name
        # Several files, as large models have.
        make_model(name).save_pretrained(folders[name], max_shard_size="40KB")
    return folders
