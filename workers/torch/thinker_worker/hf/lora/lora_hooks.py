"""LoRA on the linears of a model whose rows belong to several adapters, as forward hooks.

A hook leaves the model's modules, their names and types as they are, so whatever a model does with its linears (tied
weights, FSDP, 4-bit weights) it goes on doing. Each adapter's rows are multiplied by themselves: what one gets does not
depend on the others. Computed as PEFT does (peft/tuners/lora/layer.py): input cast to float32, B(A(drop(x))) * scale,
added in float32, result in the linear's own type.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from thinker_worker.hf.rows import AdapterRows, Rows, Routing
from thinker_worker.numerics.dropout import dropout_mask


def add_lora_hooks(linears: dict[str, nn.Linear], routing: Routing) -> None:
    """@param linears by full name"""
    for name, linear in linears.items():
        linear.register_forward_hook(_hook(name, routing))


def _hook(name: str, routing: Routing):  # type: ignore[no-untyped-def]
    def hook(_module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        rows = routing.current
        if rows is None or not _touches(rows, name):
            return None
        return _with_loras(name, args[0], output, rows)

    return hook


def _touches(rows: Rows, name: str) -> bool:
    return any(part.lora is not None and name in part.lora.modules for part in rows.adapters)


def _with_loras(name: str, x: Tensor, output: Tensor, rows: Rows) -> Tensor:
    """x [.., T, in], output [.., T, out] -> [.., T, out]"""
    flat_x, flat_y = x.reshape(-1, x.shape[-1]), output.reshape(-1, output.shape[-1])
    if len(rows.adapters) == 1:
        return _with_lora(name, rows.adapters[0], flat_x, flat_y).view(output.shape)
    counts = [part.count for part in rows.adapters]
    # A split has one gradient, a join of those of its pieces; slices would have one of full size each.
    pieces = zip(rows.adapters, flat_x.split(counts), flat_y.split(counts), strict=True)
    return torch.cat([_with_lora(name, *piece) for piece in pieces]).view(output.shape)


def _with_lora(name: str, part: AdapterRows, x: Tensor, y: Tensor) -> Tensor:
    """x [n, in], y [n, out] -> y + scale B A drop(x), in y's type; y itself where the adapter leaves the linear alone"""
    module = part.lora.modules.get(name) if part.lora else None
    if part.lora is None or module is None:
        return y
    x = x.to(module.a.dtype)
    if part.dropped:
        x = x * dropout_mask(name, part.lora.lora, part.lora.passes, part.dropped, x.shape[-1], x.device)
    up = nn.functional.linear(nn.functional.linear(x, module.a), module.b)
    return up.mul_(module.scale).add_(y).to(y.dtype)
