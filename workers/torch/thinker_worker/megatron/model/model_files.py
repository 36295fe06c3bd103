"""Slices of the tensors in a Hugging Face model folder."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open
from torch import Tensor

from thinker_worker.megatron.model.architecture import unsupported

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"


class ModelFiles:
    """Reads slices of tensors from one safetensors file, or from several with an index. Holds no tensor."""

    def __init__(self, folder: Path) -> None:
        self._readers: dict[str, safe_open] = {}
        self._folder = folder
        if (folder / INDEX).exists():
            self._file_of: dict[str, str] = json.loads((folder / INDEX).read_text())["weight_map"]
        elif (folder / SINGLE).exists():
            self._file_of = dict.fromkeys(self._reader(SINGLE).keys(), SINGLE)
        else:
            raise unsupported(f"model files other than safetensors; {folder} holds none")

    def shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._slice(name).get_shape())

    def rows(self, name: str, rows: slice) -> Tensor:
        return self._slice(name)[rows]

    def columns(self, name: str, columns: slice) -> Tensor:
        return self._slice(name)[:, columns]

    def _slice(self, name: str):  # noqa: ANN202 - safetensors does not export the type of a slice
        if name not in self._file_of:
            raise unsupported(f"model files without the tensor {name}")
        return self._reader(self._file_of[name]).get_slice(name)

    def _reader(self, file: str) -> safe_open:
        if file not in self._readers:
            self._readers[file] = safe_open(self._folder / file, framework="pt")
        return self._readers[file]
