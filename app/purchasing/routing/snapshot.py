"""Problems and choices as JSON, and back: a stored choice can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from app.purchasing.routing.problem import (
    Candidate,
    Choice,
    Exclusion,
    Kind,
    Need,
    NoChoice,
    Offer,
    Part,
    Problem,
    Rule,
    Seller,
)
from app.suppliers.rules import Rate, Tier

Json = dict[str, Any]


def as_json(value: Problem | Choice | NoChoice | Rule) -> Json:
    """Plain values, as they are stored."""
    plain: Json = orjson.loads(orjson.dumps(value))
    return plain


def problem_of(stored: Mapping[str, Any]) -> Problem:
    """A stored problem."""
    return Problem(
        **{
            **stored,
            "needs": tuple(
                Need(**{**need, "candidates": tuple(Candidate(**one) for one in need["candidates"])})
                for need in stored["needs"]
            ),
            "offers": tuple(
                Offer(**{**offer, "steps": tuple((least, price) for least, price in offer["steps"])})
                for offer in stored["offers"]
            ),
            "sellers": tuple(
                Seller(**{**seller, "rates": tuple(_rate(rate) for rate in seller["rates"])})
                for seller in stored["sellers"]
            ),
            "rules": tuple(rule_of(rule) for rule in stored["rules"]),
        }
    )


def rule_of(stored: Mapping[str, Any]) -> Rule:
    """A stored rule."""
    return Rule(Kind(stored["kind"]), stored["required"], tuple(stored["suppliers"]), stored["limit"])


def outcome_of(stored: Mapping[str, Any]) -> Choice | NoChoice:
    """A stored choice, or what was found instead of one."""
    if "parts" in stored:
        parts = tuple(Part(**part) for part in stored["parts"])
        return Choice(parts, tuple(stored["objectives"]), tuple(stored["values"]), stored["proven"], stored["nodes"])
    excluded = {need: {offer: Exclusion(why) for offer, why in out.items()} for need, out in stored["excluded"].items()}
    return NoChoice(excluded, tuple(stored["stuck"]), stored["cause"])


def _rate(stored: Mapping[str, Any]) -> Rate:
    return Rate(
        **{
            **stored,
            "countries": tuple(stored["countries"]),
            "tiers": tuple(Tier(tier["up_to"], tier["price"]) for tier in stored["tiers"]),
        }
    )
