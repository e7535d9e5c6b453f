"""Weights that name no unit: grams where they look so, and otherwise asked about."""

from __future__ import annotations

import pytest

from app.feeds.reading import OpenedFile
from app.feeds.rules.choices import Choices
from tests.domains.feeds.files import opened


def weighed(*weights: str, unit: str = "", header: str = "weight") -> OpenedFile:
    lines = "".join(f"A{place};Lamp {place};12.50;{weight}\n" for place, weight in enumerate(weights))
    return opened(f"sku;title;cost;{header}\n{lines}".encode(), choices=Choices(weight_unit=unit))


@pytest.mark.parametrize(
    "weights",
    [("0.35", "1.2", "12"), ("0,350", "1,200", "12,000"), ("", "2", "n/a", "0.8"), (*["0.8"] * 11, "120")],
)
def test_small_decimals_without_a_unit_are_asked_about_and_not_taken_for_grams(weights: tuple[str, ...]) -> None:
    file = weighed(*weights)
    assert file.detected["unsure"] == ["weight"]
    assert "choose the unit" in file.detected["columns"][3]["reason"]
    for row, weight in zip(file.rows, weights, strict=True):
        codes = ["no_unit"] if weight not in ("", "n/a") else []
        assert (row.record["weight_grams"], [problem.code for problem in row.problems]) == (None, codes)


def test_the_chosen_unit_counts() -> None:
    assert [row.record["weight_grams"] for row in weighed("0.35", "1.2", unit="kg").rows] == [350, 1200]
    assert [row.record["weight_grams"] for row in weighed("3.6", "1.2", unit="g").rows] == [4, 1]


@pytest.mark.parametrize(
    ("header", "weights", "grams"),
    [
        ("weight", ("350", "1200", "12"), [350, 1200, 12]),
        ("weight", ("350.5", "1200", "12"), [350, 1200, 12]),
        ("weight", ("0.35 kg", "1.2 kg"), [350, 1200]),
        ("weight (kg)", ("0.35", "1.2"), [350, 1200]),
    ],
)
def test_weights_that_are_plain_are_not_asked_about(header: str, weights: tuple[str, ...], grams: list[int]) -> None:
    file = weighed(*weights, header=header)
    assert file.detected["unsure"] == []
    assert [row.record["weight_grams"] for row in file.rows] == grams
