"""A tiny random model of every family, as transformers saves it; test/numerics/make-family-fixtures.py has the sizes."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

FIXTURE = Path(__file__).resolve().parents[4] / "test" / "fixtures" / "model-families.json"
CONFIGS: dict[str, dict[str, object]] = {
    family: tiny["config"] for family, tiny in json.loads(FIXTURE.read_text())["tiny"].items()
}
VOCABULARY = 96
# Experts carry no LoRA.
TARGETS = {
    "phi3": ("qkv_proj", "o_proj", "gate_up_proj", "down_proj", "lm_head"),
    "qwen3_moe": ("q_proj", "k_proj", "v_proj", "o_proj", "lm_head"),
}
USUAL_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")


def targets_of(family: str) -> tuple[str, ...]:
    return TARGETS.get(family, USUAL_TARGETS)


def make_model(family: str) -> PreTrainedModel:
    """Weights so large that what a family does of its own shows in the numbers, and norms that differ from one."""
    config = AutoConfig.for_model(**CONFIGS[family])
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    generator = torch.Generator().manual_seed(len(family))
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        # Gemma's norms add one to their weights, and the embedding that it shares with the head is scaled.
        if "norm" in name:
            parameter.data = noise * 0.3 + (0.0 if family == "gemma3_text" else 1.0)
        else:
            parameter.data = noise * 0.2
    return model.eval().requires_grad_(False)


def save_models(folder: Path) -> dict[str, Path]:
    folders = {family: folder / family for family in CONFIGS}
    for family, path in folders.items():
        make_model(family).save_pretrained(path)
    return folders
