"""Base models with random weights in the shapes of well-known ones, as folders with Hugging Face files, and adapters for them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, LlamaConfig, PretrainedConfig, Qwen3Config

ALPHA = 32
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Sizes:
    """Lengths of chats and prompts in tokens, and how often is measured."""

    rank: int
    long: int
    short: int
    prompts: int
    new_tokens: int
    repeats: int


@dataclass(frozen=True)
class Shape:
    config: PretrainedConfig
    sizes: Sizes


FULL = Sizes(rank=16, long=512, short=128, prompts=64, new_tokens=64, repeats=3)

SHAPES = {
    # The rotary embeddings of Llama 3.1 cost the same as these.
    "llama-3.1-8b": Shape(
        LlamaConfig(
            vocab_size=128_256, hidden_size=4096, intermediate_size=14_336, num_hidden_layers=32, num_attention_heads=32,
            num_key_value_heads=8, max_position_embeddings=8192, rms_norm_eps=1e-5, tie_word_embeddings=False,
        ),
        FULL,
    ),
    "qwen3-4b": Shape(
        Qwen3Config(
            vocab_size=151_936, hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32,
            num_key_value_heads=8, head_dim=128, max_position_embeddings=8192, rms_norm_eps=1e-6, tie_word_embeddings=True,
        ),
        FULL,
    ),
    "tiny": Shape(
        LlamaConfig(
            vocab_size=512, hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=512, rms_norm_eps=1e-5, tie_word_embeddings=False,
        ),
        Sizes(rank=4, long=24, short=8, prompts=4, new_tokens=4, repeats=1),
    ),
}  # fmt: skip


def write_model(config: PretrainedConfig, folder: Path, device: torch.device, layers: int | None = None) -> Path:
    """Weights in bfloat16, as transformers initialises them. @param layers the first ones only; None: all"""
    own = config.__class__(**{**config.to_dict(), "num_hidden_layers": layers or config.num_hidden_layers, "layer_types": None})
    torch.manual_seed(1)
    with device:
        model = AutoModelForCausalLM.from_config(own, dtype=torch.bfloat16)
    model.generation_config.eos_token_id = None
    model.save_pretrained(folder)
    return folder


def adapter_weights(config: PretrainedConfig, rank: int, seed: int) -> dict[str, Tensor]:
    """A LoRA on every linear, by PEFT's names, float32. B is not zero, so that A has a gradient too."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for layer in range(config.num_hidden_layers):
        for module in MODULES:
            outputs, inputs = _linear_sizes(config, module)
            part = "self_attn" if module in MODULES[:4] else "mlp"
            name = f"model.layers.{layer}.{part}.{module}"
            weights[f"{name}.lora_A.weight"] = torch.randn((rank, inputs), generator=generator) / math.sqrt(inputs)
            weights[f"{name}.lora_B.weight"] = torch.randn((outputs, rank), generator=generator) * 0.01
    return weights


def adapter_parameters(config: PretrainedConfig, rank: int) -> int:
    return config.num_hidden_layers * rank * sum(sum(_linear_sizes(config, module)) for module in MODULES)


def random_chats(config: PretrainedConfig, count: int, length: int, seed: int) -> list[Tensor]:
    """Token ids, one more than are read: each token's target is the next one."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(0, config.vocab_size, (length + 1,), generator=generator) for _ in range(count)]


def _linear_sizes(config: PretrainedConfig, module: str) -> tuple[int, int]:
    hidden, inner = config.hidden_size, config.intermediate_size
    head = getattr(config, "head_dim", None) or hidden // config.num_attention_heads
    queries, keys = config.num_attention_heads * head, config.num_key_value_heads * head
    sizes = {
        "q_proj": (queries, hidden), "k_proj": (keys, hidden), "v_proj": (keys, hidden), "o_proj": (hidden, queries),
        "gate_proj": (inner, hidden), "up_proj": (inner, hidden), "down_proj": (hidden, inner),
    }  # fmt: skip
    return sizes[module]
