"""Frames of the control link: a JSON header, and the numbers of all arrays as one blob (protocol/torch-worker.md)."""

from __future__ import annotations

import json
import struct
from typing import Any

import torch
from torch import Tensor

PREFIX = struct.Struct("<IQ")
ALIGNMENT = 8
DTYPES = {"float32": torch.float32, "int32": torch.int32, "uint8": torch.uint8}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def encode_frame(message: dict[str, Any]) -> list[bytes | memoryview]:
    """Pieces of one frame, to be sent in this order. Tensors may stand anywhere in the message."""
    arrays: list[dict[str, Any]] = []
    pieces: list[bytes | memoryview] = []
    size = 0

    def add(tensor: Tensor) -> dict[str, int]:
        nonlocal size
        numbers = tensor.detach().to("cpu").contiguous()
        if numbers.dtype not in NAMES:
            raise TypeError(f"Arrays of {numbers.dtype} do not travel over the control link.")
        arrays.append({"dtype": NAMES[numbers.dtype], "shape": list(numbers.shape), "offset": size})
        if numbers.numel():
            pieces.append(memoryview(numbers.view(-1).numpy()).cast("B"))
        length = numbers.numel() * numbers.element_size()
        padding = -length % ALIGNMENT
        if padding:
            pieces.append(bytes(padding))
        size += length + padding
        return {"$array": len(arrays) - 1}

    header = _replaced(message, add)
    header["arrays"] = arrays
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    return [PREFIX.pack(len(text), size), text, *pieces]


def decode_frame(header: bytes, blob: bytearray) -> dict[str, Any]:
    """The message of a frame. Its tensors are views on the blob."""
    message = json.loads(header)
    arrays = [_tensor(array, blob) for array in message.pop("arrays", [])]
    return _restored(message, arrays)


def _tensor(array: dict[str, Any], blob: bytearray) -> Tensor:
    dtype = DTYPES[array["dtype"]]
    shape = array["shape"]
    count = 1
    for size in shape:
        count *= size
    if count == 0:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(blob, dtype=dtype, count=count, offset=array["offset"]).view(shape)


def _replaced(value: Any, add: Any) -> Any:
    if isinstance(value, Tensor):
        return add(value)
    if isinstance(value, dict):
        return {name: _replaced(entry, add) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(entry, add) for entry in value]
    return value


def _restored(value: Any, arrays: list[Tensor]) -> Any:
    if isinstance(value, list):
        return [_restored(entry, arrays) for entry in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return arrays[value["$array"]]
    return {name: _restored(entry, arrays) for name, entry in value.items()}
