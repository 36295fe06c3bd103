"""Draws that a rank makes instead of Node. That they are those of Node's sampler is shown by test/conformance."""

from __future__ import annotations

import math

import pytest
import torch
from thinker_worker.engine import NamedTokens, NextTokens, PlainDraws, SequenceStep
from thinker_worker.numerics.draws import draw, next_tokens
from torch import Tensor


def row(*probabilities: float) -> Tensor:
    return torch.tensor([[math.log(p) for p in probabilities]])


def tokens(rows: Tensor, temperature: float, *uniforms: float) -> list[int] | None:
    (found,) = draw(rows, [PlainDraws(temperature, uniforms)])
    return None if found is None else found[0].tolist()


def test_a_token_is_drawn_for_the_numbers_in_its_share() -> None:
    assert tokens(row(0.1, 0.4, 0.2, 0.3), 1.0, 0.05, 0.11, 0.49, 0.51, 0.69, 0.71, 0.99) == [0, 1, 1, 2, 2, 3, 3]
    # Squared and scaled: 1/30, 16/30, 4/30, 9/30.
    assert tokens(row(0.1, 0.4, 0.2, 0.3), 0.5, 0.03, 0.04, 0.56, 0.57, 0.69, 0.71) == [0, 1, 1, 2, 2, 3]


def test_at_temperature_0_the_first_of_the_most_likely_tokens_is_taken() -> None:
    assert tokens(torch.tensor([[-5.0, 3.0, 3.0, 1.0]]), 0.0, 0.99, 0.5) == [1, 1]


@pytest.mark.parametrize("uniform", [0.5, 0.5 - 1e-11, 0.5 + 1e-11])
def test_a_number_at_the_edge_of_a_share_is_left_to_node(uniform: float) -> None:
    assert tokens(torch.zeros(1, 4), 1.0, uniform) is None
    assert tokens(torch.zeros(1, 4), 1.0, 0.3, uniform) is None
    assert tokens(torch.zeros(1, 4), 1.0, uniform + 1e-6) == [2]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_row_that_is_not_finite_is_left_to_node(value: float) -> None:
    for temperature in (0.0, 1.0):
        assert tokens(torch.tensor([[1.0, value, 2.0]]), temperature, 0.4) is None


def test_rows_differ_in_temperature_and_count_of_draws() -> None:
    rows = row(0.1, 0.4, 0.2, 0.3).repeat(3, 1)
    found = draw(rows, [PlainDraws(1.0, (0.05,)), PlainDraws(0.0, (0.1, 0.2, 0.3)), PlainDraws(0.5, (0.03, 0.99))])
    assert [own[0].tolist() for own in found if own is not None] == [[0], [1, 1, 1], [0, 3]]


def test_draws_take_no_deterministic_algorithms_and_leave_the_setting() -> None:
    torch.use_deterministic_algorithms(True)
    try:
        assert tokens(row(0.5, 0.5), 1.0, 0.2) == [0]
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


def test_steps_get_draws_or_rows() -> None:
    logits = torch.randn(40, 50, generator=torch.Generator().manual_seed(1))
    sums = logits.logsumexp(1)
    steps = [step(PlainDraws(0.0, (0.5,))) if index % 2 else step(None, rows=2) for index in range(26)]
    found = next_tokens(steps, logits[:39], sums[:39])
    first = 0
    for own, answer in zip(steps, found, strict=True):
        expected = logits[first : first + own.rows.numel()]
        assert torch.equal(answer.log_sums, sums[first : first + own.rows.numel()])
        assert_is(answer, expected, drawn=own.draws is not None)
        first += own.rows.numel()


def test_of_named_tokens_only_the_logits_are_given() -> None:
    logits = torch.randn(4, 50, generator=torch.Generator().manual_seed(1))
    named = NamedTokens(torch.tensor([7, 7, 49], dtype=torch.int32), torch.tensor([0, 2, 2, 3], dtype=torch.int32))
    three, four = torch.arange(3), torch.arange(4)
    expected = [logits[0, 7], logits[0, 7], logits[2, 49]]
    for draws in (None, PlainDraws(0.0, (0.5,))):
        (answer,) = next_tokens([SequenceStep(0, four, four, draws, named)], logits, logits.logsumexp(1))
        assert answer.named is not None and answer.named.tolist() == [value.item() for value in expected]
        assert answer.log_sums.numel() == 4
        assert_is(answer, logits[3:], drawn=draws is not None)
    (answer,) = next_tokens([SequenceStep(0, three, three, None, named)], logits[:3], logits[:3].logsumexp(1))
    assert answer.logits.shape == (0, 50)


def step(draws: PlainDraws | None, rows: int = 1) -> SequenceStep:
    return SequenceStep(0, torch.zeros(rows, dtype=torch.int32), torch.arange(rows), draws)


def assert_is(answer: NextTokens, rows: Tensor, *, drawn: bool) -> None:
    if not drawn:
        assert answer.drawn is None
        assert torch.equal(answer.logits, rows)
        return
    assert answer.drawn is not None
    assert (answer.drawn.dtype, answer.drawn.tolist()) == (torch.int32, [int(rows.argmax())])
    assert answer.logits.tolist() == [rows.max().item()]
