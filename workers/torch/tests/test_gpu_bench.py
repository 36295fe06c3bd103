"""bench/gpu/run.sh, as far as a CPU can show: it measures all that it should, and its numbers are in tolerance."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "bench" / "gpu" / "run.sh"


def run(*options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run([SCRIPT, *options], env=environment, capture_output=True, text=True, check=False)


def test_measures_the_tiny_shape() -> None:
    ended = run("--shape", "tiny", "--threads", "1")
    assert ended.returncode == 0, ended.stderr
    rows = [line.split(" | ")[1] for line in ended.stdout.splitlines() if line.startswith("| tiny")]
    starts = ["log-probs", "gradients", "mean log-prob", *["training"] * 4, *["decoding"] * 2, "a rank", "its successor", "and given"]
    assert [row.startswith(start) for row, start in zip(rows, starts, strict=True)] == [True] * len(starts)


def test_skips_what_it_has_no_time_for_and_says_so() -> None:
    ended = run("--shape", "tiny", "--minutes", "0")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Not measured, since 0 minutes were over: tiny") == 3


def test_refuses_large_shapes_without_a_gpu() -> None:
    ended = run("--shape", "qwen3-4b")
    assert ended.returncode == 1 and "torch sees no GPU" in ended.stderr
