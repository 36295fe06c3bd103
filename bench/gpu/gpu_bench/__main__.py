"""`bench/gpu/run.sh`: measures shape by shape, and prints the table."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from thinker_worker.environment import prepare_libraries

prepare_libraries()

import torch  # noqa: E402

from gpu_bench.numbers import measure_numbers  # noqa: E402
from gpu_bench.recovery import measure_recovery  # noqa: E402
from gpu_bench.report import Row, machine, to_markdown  # noqa: E402
from gpu_bench.shapes import SHAPES, Shape, write_model  # noqa: E402
from gpu_bench.speed import measure_speed  # noqa: E402


def main() -> None:
    arguments = _read_arguments()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu" and arguments.shape != ["tiny"]:
        sys.exit("torch sees no GPU. On a CPU only --shape tiny can be measured.")
    deadline = time.monotonic() + arguments.minutes * 60
    rows: list[tuple[str, Row]] = []
    skipped: list[str] = []
    with tempfile.TemporaryDirectory(prefix="thinker-gpu-") as folder:
        for name in arguments.shape:
            for section, measure in _sections(SHAPES[name], Path(folder) / name, device):
                if time.monotonic() > deadline:
                    skipped.append(f"Not measured, since {arguments.minutes:g} minutes were over: {name}, {section}")
                    continue
                print(f"{name}: {section}", file=sys.stderr, flush=True)
                rows += [(name, row) for row in measure()]
                _free()
    print(to_markdown([*machine(device), *skipped], rows))
    # A figure that misses its target is a figure; numbers that are wrong are a fault.
    if any(row.at_most is not None and row.met is False for _, row in rows):
        sys.exit("Numbers are out of tolerance, or an adapter takes too much memory; see the table.")


def _sections(shape: Shape, folder: Path, device: torch.device) -> list[tuple[str, Callable[[], list[Row]]]]:
    folder.mkdir(exist_ok=True)
    model = folder / "model"

    def speed() -> list[Row]:
        write_model(shape.config, model, device)
        _free()
        return measure_speed(shape, model, device)

    return [
        ("numbers against PEFT", lambda: measure_numbers(shape, folder, device)),
        ("speed and memory", speed),
        ("recovery", lambda: measure_recovery(shape, folder, model, device)),
    ]


def _free() -> None:
    """Gives back what the last section held on the device."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/gpu/run.sh", description="Measure the torch engine on one GPU.")
    parser.add_argument("--shape", nargs="+", choices=list(SHAPES), default=["llama-3.1-8b", "qwen3-4b"])
    parser.add_argument("--minutes", type=float, default=7.0, help="no section starts later than this (default: 7)")
    parser.add_argument("--threads", type=int, help="CPU threads of torch")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
        os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    return arguments


if __name__ == "__main__":
    main()
