"""What Node tells every rank of a group in `welcome`; protocol/torch-worker.md, Settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class ModelFolder:
    name: str
    folder: str


@dataclass(frozen=True)
class Settings:
    engine: Literal["hf", "megatron"]
    models: tuple[ModelFolder, ...]
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    quantization: Literal["none", "nf4"] = "none"
    batching: Literal["exact", "rounding", "off"] = "exact"
    deterministic: bool = False
    # None: as many as torch takes by itself.
    threads: int | None = None
    # None: by the device's memory.
    pass_tokens: int | None = None
    # The layers of the base model are divided over the ranks (FSDP2).
    shard: bool = False
    tensor: int = 1
    pipeline: int = 1
    heartbeat_seconds: float = 1.0
    # A rank that waits longer than this for the others in a collective fails.
    collective_seconds: float = 60.0


def read_settings(values: Mapping[str, Any]) -> Settings:
    """Settings as they travel. Fields that this version does not know are refused, so that none is ignored."""
    known = {_wire_name(name): name for name in Settings.__dataclass_fields__}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ValueError(f"Unknown settings: {', '.join(unknown)}. Thinker and its torch worker have different versions.")
    found = {known[name]: value for name, value in values.items()}
    found["models"] = tuple(ModelFolder(model["name"], model["folder"]) for model in values["models"])
    return Settings(**found)


def _wire_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
