"""What engines share: digest, random numbers, AdamW's refusals, frames, settings."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from thinker_worker.engine import AdamParams, AdapterState
from thinker_worker.errors import WorkerError
from thinker_worker.link.frames import PREFIX, decode_frame, encode_frame
from thinker_worker.numerics.adamw import adamw_step
from thinker_worker.numerics.random_stream import uniform
from thinker_worker.settings import read_settings
from thinker_worker.state.digest import state_digest


def tensors(**values: list[float]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([numbers]) for name, numbers in values.items()}


STATE = AdapterState(
    weights=tensors(b=[3.0], a=[1.0, 2.0]),
    m=tensors(a=[0.0, 1.0], b=[2.0]),
    v=tensors(a=[4.0, 5.0], b=[6.0]),
    step=3,
    gradients=None,
    gradient_passes=0,
    passes=7,
)


def test_digest_is_that_of_the_other_engines() -> None:
    # The value in src/compute/numerics/state-digest.spec.ts.
    assert state_digest(STATE) == "xxh64:b60206b07d4d939d"


@pytest.mark.parametrize(
    ("seed", "first", "ninth"),
    [
        (7, 0.13100337982177734, 0.7739171981811523),
        ("-5", 0.7966849207878113, 0.9102403521537781),
        ("36893488147419103232", 0.332719624042511, 0.016616106033325195),
    ],
)
def test_random_numbers_are_those_of_the_other_engines(seed: int | str, first: float, ninth: float) -> None:
    # Made by RandomStream of src/compute/numerics/random.ts with the label below.
    numbers = uniform(seed, "dropout.x/0/0", 9)
    assert (float(numbers[0]), float(numbers[8])) == (first, ninth)


PARAMS = AdamParams(1e-3, 0.9, 0.999, 1e-8, 0.01, 0.0)


def step(gradient: list[float], params: AdamParams = PARAMS, weight: float = 1.0, v: float = 0.0) -> WorkerError:
    with pytest.raises(WorkerError) as found:
        adamw_step(tensors(a=[weight]), tensors(a=[0.0]), tensors(a=[v]), tensors(a=gradient), 1, params)
    return found.value


def test_adamw_refuses_a_gradient_that_is_not_finite() -> None:
    error = step([float("nan")])
    assert (error.code, error.details) == ("non_finite_gradient", {"tensor": "a"})


@pytest.mark.parametrize(
    ("gradient", "params", "weight", "fault"),
    [
        (1e25, PARAMS, 1.0, "gradients"),
        (1.0, PARAMS, float("inf"), "state"),
        (0.0, AdamParams(1e-3, 0.9, 0.999, 0.0, 0.01, 0.0), 1.0, "adam_params"),
        # More than float32 holds.
        (1.0, AdamParams(1e39, 0.9, 0.999, 1e-8, 0.01, 0.0), 1.0, "adam_params"),
    ],
)
def test_adamw_refuses_an_update_that_is_not_finite(
    gradient: float, params: AdamParams, weight: float, fault: str
) -> None:
    error = step([gradient], params, weight)
    assert (error.code, error.details) == ("non_finite_update", {"tensor": "a", "fault": fault})


def test_adamw_keeps_the_order_of_the_tensors() -> None:
    """Files have it, and must not depend on whether a state comes from a step or from files."""
    weights = tensors(b=[1.0], a=[2.0], c=[3.0])
    made = adamw_step(weights, {}, {}, weights, 1, PARAMS)
    assert [list(each) for each in (made.weights, made.m, made.v)] == [["b", "a", "c"]] * 3


def test_frames_carry_arrays_anywhere_in_a_message() -> None:
    message: dict[str, Any] = {
        "id": 3,
        "rows": [{"data": torch.tensor([1, 2, 3], dtype=torch.int32)}, None],
        "none": torch.empty(0, 5),
        "flags": torch.tensor([1, 0, 1], dtype=torch.uint8),
        "text": "ä",
    }
    data = b"".join(bytes(piece) for piece in encode_frame(message))
    header, blob = PREFIX.unpack(data[: PREFIX.size])
    start = PREFIX.size + header
    assert len(data) == start + blob
    found = decode_frame(data[PREFIX.size : start], bytearray(data[start:]))
    assert found["rows"][0]["data"].tolist() == [1, 2, 3] and found["rows"][1] is None
    assert found["none"].shape == (0, 5) and found["flags"].tolist() == [1, 0, 1] and found["text"] == "ä"


def test_settings_that_are_not_known_are_refused() -> None:
    settings = read_settings({"engine": "hf", "models": [{"name": "m", "folder": "/m"}], "passTokens": 9})
    assert (settings.pass_tokens, settings.models[0].folder) == (9, "/m")
    with pytest.raises(ValueError, match="speed"):
        read_settings({"engine": "hf", "models": [], "speed": 9})
