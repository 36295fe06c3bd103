"""The table, and the rows in it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass

import peft
import torch
import transformers

HEAD = ("shape", "measurement", "ours", "reference", "ours / reference", "target", "met")


@dataclass(frozen=True)
class Row:
    """One comparison. @param at_least, at_most of ours / reference; both None where the figure is only stated"""

    measurement: str
    ours: float
    reference: float | None
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if not self.reference else self.ours / self.reference

    @property
    def met(self) -> bool | None:
        if self.ratio is None or (self.at_least is None and self.at_most is None):
            return None
        return (self.at_least is None or self.ratio >= self.at_least) and (self.at_most is None or self.ratio <= self.at_most)

    def cells(self) -> tuple[str, ...]:
        bounds = ((">=", self.at_least), ("<=", self.at_most))
        target = ", ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)
        met = {True: "yes", False: "no", None: ""}[self.met]
        reference = "" if self.reference is None else _number(self.reference)
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return self.measurement, f"{_number(self.ours)} {self.unit}".strip(), reference, ratio, target, met


def machine(device: torch.device) -> list[str]:
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    cuda = f", CUDA {torch.version.cuda}" if device.type == "cuda" else ""
    return [
        f"Device: {where}{cuda}",
        f"torch {torch.__version__}, transformers {transformers.__version__}, PEFT {peft.__version__}, "
        f"Python {platform.python_version()}",
        "Weights: random, base in bfloat16, adapters in float32 on all linears of the layers; reference: transformers + PEFT",
    ]


def to_markdown(facts: Sequence[str], rows: Sequence[tuple[str, Row]]) -> str:
    table = [HEAD, tuple("---" for _ in HEAD), *((shape, *row.cells()) for shape, row in rows)]
    lines = ["| " + " | ".join(cells) + " |" for cells in table]
    return "\n".join([*(f"- {fact}" for fact in facts), "", *lines])


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
