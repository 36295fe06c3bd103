"""What the engine computes of a Hugging Face model, and what it refuses.

The model files' config.json is read by transformers, so defaults are those of the model's own configuration class. A field
that would change the computation and is not carried out here is refused by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import AutoConfig, PretrainedConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from thinker_worker.errors import WorkerError

# By model_type: does the query, key and value projection have a bias; are query and key heads normalised.
FAMILIES: dict[str, tuple[bool, bool]] = {
    "llama": (False, False),
    "mistral": (False, False),
    "qwen2": (True, False),
    "qwen3": (False, True),
}
ROPE_TYPES = ("default", "linear", "llama3", "yarn")


def unsupported(message: str) -> WorkerError:
    """A model or setting that the engine does not compute exactly as transformers does."""
    return WorkerError("unsupported_model", f"The megatron engine does not support {message}.")


@dataclass(frozen=True)
class Rope:
    """Angle per position of each pair of dimensions, [head_dim / 2], and the factor on cos and sin."""

    inverse_frequencies: Tensor
    attention_scaling: float


@dataclass(frozen=True)
class Architecture:
    """A dense decoder of the Llama family. Sizes count elements, `windows` holds each layer's attention window."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layer_count: int
    head_count: int
    group_count: int  # key/value heads
    head_dim: int
    norm_eps: float
    qkv_bias: bool
    head_norm: bool
    tied_embeddings: bool
    windows: tuple[int | None, ...]
    rope: Rope

    @property
    def query_size(self) -> int:
        return self.head_count * self.head_dim

    @property
    def key_size(self) -> int:
        return self.group_count * self.head_dim


def read_architecture(folder: Path) -> Architecture:
    """Reads config.json. Raises WorkerError `unsupported_model` naming what is not supported."""
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    return architecture_of(config)


def architecture_of(config: PretrainedConfig) -> Architecture:
    """Raises WorkerError `unsupported_model` naming what is not supported."""
    family = config.model_type
    if family not in FAMILIES:
        raise unsupported(f"model_type {family!r} (it supports {', '.join(FAMILIES)})")
    qkv_bias, head_norm = FAMILIES[family]
    _refuse_other_computations(config)
    heads = config.num_attention_heads
    return Architecture(
        vocab_size=config.vocab_size,
        hidden_size=config.hidden_size,
        intermediate_size=config.intermediate_size,
        layer_count=config.num_hidden_layers,
        head_count=heads,
        group_count=config.num_key_value_heads or heads,
        head_dim=getattr(config, "head_dim", None) or config.hidden_size // heads,
        norm_eps=config.rms_norm_eps,
        qkv_bias=qkv_bias,
        head_norm=head_norm,
        tied_embeddings=config.tie_word_embeddings,
        windows=_windows(config),
        rope=_rope(config),
    )


def _refuse_other_computations(config: PretrainedConfig) -> None:
    if config.hidden_act not in ("silu", "swish"):
        raise unsupported(f"hidden_act {config.hidden_act!r} (only 'silu')")
    # Qwen2 has its biases whatever config.json says, and never reads these fields.
    for field in ("attention_bias", "mlp_bias"):
        if config.model_type != "qwen2" and getattr(config, field, False):
            raise unsupported(f"{field} of {config.model_type} models")
    if getattr(config, "quantization_config", None) is not None:
        raise unsupported("quantized model files")


def _windows(config: PretrainedConfig) -> tuple[int | None, ...]:
    """Tokens that a position of each layer sees, itself included; None for all. As transformers builds its masks."""
    window = getattr(config, "sliding_window", None)
    count = config.num_hidden_layers
    if config.model_type == "llama":
        # transformers masks no window here, but its cache drops what lies before one: the two differ.
        if window is not None:
            raise unsupported("sliding_window of llama models")
        return (None,) * count
    if config.model_type == "mistral":
        if getattr(config, "layer_types", None) is not None:
            raise unsupported("layer_types of mistral models")
        return (window,) * count
    return tuple(window if kind == "sliding_attention" else None for kind in config.layer_types)


def _rope(config: PretrainedConfig) -> Rope:
    """The frequencies as transformers computes them; all families share one function."""
    parameters: dict[str, Any] = config.rope_parameters
    kind = parameters.get("rope_type", "default")
    if kind not in ROPE_TYPES:
        raise unsupported(f"rope_type {kind!r} (it supports {', '.join(ROPE_TYPES)})")
    if parameters.get("partial_rotary_factor", 1.0) != 1.0:
        raise unsupported("partial_rotary_factor")
    rotary = LlamaRotaryEmbedding(config)
    return Rope(rotary.inv_freq.float().clone(), float(rotary.attention_scaling))
