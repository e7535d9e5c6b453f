"""The simulated carrier itself: its numbers, how parcels move, and what goes wrong on request."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.simulators.carrier.server import make_app
from tests.simulators.carrier.world import STEPS, World, is_number, luhn_digit

NAMES = [status for status, _, _ in STEPS]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def carrier(world: World) -> FlaskClient:
    return make_app(world).test_client()


def tracked(carrier: FlaskClient, number: str) -> dict[str, Any]:
    """Where a parcel is."""
    answer = carrier.get(f"/v1/track/{number}")
    assert answer.status_code == 200
    return dict(answer.json)


def label(carrier: FlaskClient) -> str:
    """A new parcel's number."""
    answer = carrier.post("/labels")
    assert answer.status_code == 201
    assert answer.json["tracking_url"].endswith(f"/parcels/{answer.json['number']}")
    return str(answer.json["number"])


def test_numbers_are_new_each_time_and_carry_their_check_digit(carrier: FlaskClient) -> None:
    numbers = [label(carrier) for _ in range(50)]
    assert len(set(numbers)) == 50
    for number in numbers:
        assert is_number(number)
        digits, check = number[3:13], int(number[13])
        others = [f"SIM{digits}{digit}" for digit in range(10) if digit != check]
        assert not any(is_number(other) for other in others)
    assert luhn_digit("7992739871") == 3, "the sum's textbook example"
    assert luhn_digit("7992739817") != 3, "two digits that changed places"


def test_an_unknown_number_is_not_found_and_a_foreign_one_of_its_form_is_taken_on(carrier: FlaskClient) -> None:
    wrong = f"SIM0000000001{(luhn_digit('0000000001') + 1) % 10}"
    for number in (wrong, "SIM1", "1Z999AA10123456784", f"sim0000000001{luhn_digit('0000000001')}"):
        assert carrier.get(f"/v1/track/{number}").status_code == 404
        assert carrier.get(f"/parcels/{number}").status_code == 404
        assert carrier.post(f"/_sim/parcels/{number}/advance").status_code == 404
    foreign = f"SIM0000000001{luhn_digit('0000000001')}"
    assert tracked(carrier, foreign)["status"] == "pre_transit"


def test_a_parcel_moves_step_by_step_and_stays_where_it_ends(carrier: FlaskClient) -> None:
    number = label(carrier)
    for status in [*NAMES[1:], "delivered"]:
        assert carrier.post(f"/_sim/parcels/{number}/advance").json == {"status": status}
    events = tracked(carrier, number)["events"]
    assert [event["status"] for event in events] == NAMES
    assert len({event["id"] for event in events}) == len(NAMES)
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)


@pytest.mark.parametrize("to", ["available_for_pickup", "return_to_sender", "failure", "delivered"])
def test_a_parcel_goes_where_it_is_told(carrier: FlaskClient, to: str) -> None:
    number, other = label(carrier), label(carrier)
    assert carrier.post(f"/_sim/parcels/{number}/advance", json={"to": to}).json == {"status": to}
    assert tracked(carrier, number)["status"] == to
    assert carrier.post(f"/_sim/parcels/{number}/advance").json == {"status": to}, "no step follows by itself"
    assert tracked(carrier, other)["status"] == "pre_transit"


def test_parcels_move_by_themselves_when_time_passes(carrier: FlaskClient, world: World) -> None:
    number = label(carrier)
    assert carrier.post("/_sim/auto", json={"seconds_per_step": 60}).status_code == 200
    assert tracked(carrier, number)["status"] == "pre_transit"
    world.parcels[number].moved -= 125
    assert tracked(carrier, number)["status"] == "out_for_delivery", "two steps in two minutes"
    world.parcels[number].moved -= 3600
    assert tracked(carrier, number)["status"] == "delivered"
    assert len(tracked(carrier, number)["events"]) == len(NAMES)


def test_what_goes_wrong_on_request(carrier: FlaskClient) -> None:
    number = label(carrier)
    carrier.post(f"/_sim/parcels/{number}/advance", json={"to": "delivered"})
    carrier.post("/_sim/faults", json={"duplicate_events": True, "backwards": True, "no_such_fault": 1})
    wrong = tracked(carrier, number)
    assert wrong["status"] == "pre_transit"
    assert [event["status"] for event in wrong["events"]] == ["pre_transit", "delivered"] * 2
    carrier.post("/_sim/faults", json={"duplicate_events": False, "backwards": False, "errors": 2})
    assert [carrier.get(f"/v1/track/{number}").status_code for _ in range(3)] == [500, 500, 200]
    assert tracked(carrier, number)["status"] == "delivered"
