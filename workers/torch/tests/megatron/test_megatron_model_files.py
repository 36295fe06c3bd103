"""Hugging Face files into shards and back, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from megatron_models import NAMES, SIZES, make_model
from rank_group import RankGroup
from safetensors.torch import load_file, save_file
from thinker_worker.errors import WorkerError
from transformers import GemmaConfig, LlamaConfig, MistralConfig, Qwen3Config

pytest.importorskip("megatron.core", reason="needs megatron-core (requirements-megatron.txt)")

from thinker_worker.megatron.model.architecture import architecture_of  # noqa: E402
from thinker_worker.megatron.model.checkpoint import hugging_face_tensors  # noqa: E402
from thinker_worker.megatron.megatron_engine import MegatronEngine  # noqa: E402
from thinker_worker.megatron.parallel import require_divisible  # noqa: E402


def write_files(engine: MegatronEngine, model: str, folder: Path) -> list[str]:
    """Runs on every rank: each writes the tensors that it gives."""
    stage = engine._stages[model]
    tensors = {name: tensor.contiguous() for name, tensor in hugging_face_tensors(stage.parameters, stage.parallel)}
    save_file(tensors, folder / f"{model}-{torch.distributed.get_rank()}.safetensors")
    return list(tensors)


@pytest.mark.parametrize("model", NAMES)
def test_shards_give_the_files_back(group: RankGroup, tmp_path: Path, model: str) -> None:
    group.each(write_files, model, tmp_path)
    restored: dict[str, torch.Tensor] = {}
    for file in sorted(tmp_path.iterdir()):
        restored.update(load_file(file))
    expected = make_model(model).state_dict()
    if make_model(model).config.tie_word_embeddings:
        del expected["lm_head.weight"]
    assert restored.keys() == expected.keys()
    assert all(torch.equal(restored[name], expected[name]) for name in expected)


def test_the_engine_counts_what_the_model_has(group: RankGroup) -> None:
    info = group.call("start")[0]
    for model in info.models:
        assert model.parameter_count == make_model(model.name).num_parameters()


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (GemmaConfig(), "model_type 'gemma'"),
        (LlamaConfig(hidden_act="gelu"), "hidden_act 'gelu'"),
        (LlamaConfig(attention_bias=True), "attention_bias of llama"),
        (LlamaConfig(mlp_bias=True), "mlp_bias of llama"),
        (Qwen3Config(attention_bias=True), "attention_bias of qwen3"),
        (LlamaConfig(rope_parameters={"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}), "rope_type 'dynamic'"),
        (LlamaConfig(rope_parameters={"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}), "partial_rotary"),
        (LlamaConfig(quantization_config={"quant_method": "fp8"}), "quantized"),
        (LlamaConfig(sliding_window=8), "sliding_window of llama"),
        (MistralConfig(layer_types=["full_attention"] * 32), "layer_types of mistral"),
    ],
)
def test_other_computations_are_refused_by_name(config: Any, named: str) -> None:
    with pytest.raises(WorkerError, match=named) as refused:
        architecture_of(config)
    assert refused.value.code == "unsupported_model"


@pytest.mark.parametrize(
    ("tensor", "pipeline", "named"),
    [
        (4, 1, "4 for a model of 2 key/value heads"),
        (1, 3, "pipeline parallelism 3, which does not divide num_hidden_layers 4"),
    ],
)
def test_layouts_that_do_not_divide_the_model_are_refused_by_name(tensor: int, pipeline: int, named: str) -> None:
    architecture = architecture_of(LlamaConfig(**SIZES))
    with pytest.raises(WorkerError, match=named):
        require_divisible(architecture, tensor, pipeline)
