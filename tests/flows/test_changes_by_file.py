"""Suppliers whose systems exchange files, or that have a shop of their own, are asked there to stop what they have
accepted or to send elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from app import db
from app.kit import x12
from tests.domains.feeds.portal import file_servers
from tests.flows.test_addresses import ELSEWHERE
from tests.flows.test_file_channels import GROUPS, TRACKING, House, house, shipment
from tests.simulators.woocommerce.server import serving
from tests.simulators.woocommerce.world import World

__all__ = ["file_servers", "house"]
GROUPS["865"] = "CA"


def ordered(house: House, channel: str, units: int = 3, **values: str) -> tuple[str, str]:
    """An order that the supplier's system has, and its people have accepted. Returns its number and SKU."""
    house.choose(channel, **values)
    number = house.order(units)
    order = house.market.supplier.api.get("/api/supplier/orders").json["items"][-1]
    lines = [{"line_id": line["id"], "status": "accepted"} for line in order["lines"]]
    house.market.supplier.api.post(f"/api/supplier/orders/{order['id']}/acknowledge", {"lines": lines})
    house.jobs.drain()
    return number, house.market.lamp.skus[0]


def asks(house: House, units: int) -> str:
    """The retailer asks to stop units of the last order. Returns the request's id."""
    order = house.orders[-1]
    line = house.market.retailer.api.get(f"/api/orders/{order['id']}").json["lines"][0]["id"]
    answer = house.market.retailer.api.post(
        f"/api/orders/{order['id']}/cancel", {"lines": [{"line_id": line, "quantity": units}]}
    )
    (request,) = answer.json["change_requests"]
    house.jobs.drain()
    return str(request["id"])


def moves(house: House) -> str:
    """The retailer asks for another address. Returns the request's id."""
    answer = house.market.retailer.api.put(f"/api/orders/{house.orders[-1]['id']}/address", ELSEWHERE)
    (request,) = answer.json["change_requests"]
    house.jobs.drain()
    return str(request["id"])


def state(house: House, request_id: str) -> str:
    return str(house.market.retailer.api.get(f"/api/change-requests/{request_id}").json["state"])


def line(house: House) -> tuple[int, int, int]:
    """Of the purchase order's line: shipped, cancelled, and of these rejected."""
    with db.system_scope(actor="test"), db.transaction() as session:
        found = session.connection().exec_driver_sql("select shipped, cancelled, rejected from purchase_order_lines")
        (row,) = found
        return tuple(row)


def sent(house: House, kind: str) -> list[list[list[str]]]:
    """The documents of a kind that the supplier finds, as segments."""
    return [
        found.segments
        for name, content in sorted(house.sent().items())
        if name.startswith(kind)
        for found in x12.read(content)[0].groups[0].sets
    ]


def test_an_860_asks_to_stop_units_and_an_865_answers(house: House) -> None:
    number, sku = ordered(house, "x12")
    request_id = asks(house, 2)
    (found,) = sent(house, "860")
    (head,) = (one for one in found if one[0] == "BCH")
    assert (head[1], head[3]) == ("04", number)
    assert [one[1:5] for one in found if one[0] == "POC"] == [["1", "QD", "3", "1"]]
    house.says("865", f"BCA*00*AC*{number}**{head[5]}", f"POC*1*QD*3*1*EA***VP*{sku}", "ACK*IA*1*EA", "CTT*1")
    house.poll()
    assert house.refused() == []
    assert (state(house, request_id), line(house)) == ("ACCEPTED", (0, 2, 0))
    assert len(sent(house, "860")) == 1, "what it stopped itself it is not told"
    assert house.verdicts()[-1] == "A"


@pytest.mark.parametrize(
    ("acks", "ends", "cancelled"),
    [
        (["ACK*IA*1*EA", "ACK*IR*1*EA"], "PARTLY", 1),
        (["ACK*IR*2*EA"], "REFUSED", 0),
        ([], "ACCEPTED", 2),
    ],
)
def test_an_865_answers_line_by_line_also_without_our_number(
    house: House, acks: list[str], ends: str, cancelled: int
) -> None:
    number, sku = ordered(house, "x12")
    request_id = asks(house, 2)
    house.says("865", f"BCA*00*AC*{number}", f"POC*1*QD*3*1*EA***VP*{sku}", *acks, "CTT*1")
    house.poll()
    assert (state(house, request_id), line(house)) == (ends, (0, cancelled, 0))


def test_an_865_that_refuses_says_why(house: House) -> None:
    number, _ = ordered(house, "x12")
    request_id = asks(house, 3)
    (found,) = sent(house, "860")
    assert [one[1] for one in found if one[0] == "BCH"] == ["01"], "all of it"
    house.says("865", f"BCA*00*RJ*{number}", "N9*L1*X", "MSG*Already packed")
    house.poll()
    answered = house.market.retailer.api.get(f"/api/change-requests/{request_id}").json
    assert (answered["state"], answered["refusal"], answered["answer"]) == ("REFUSED", "packed", "Already packed")


def test_an_860_with_another_address_is_answered(house: House) -> None:
    number, _ = ordered(house, "x12")
    request_id = moves(house)
    (found,) = sent(house, "860")
    assert [one[1] for one in found if one[0] == "N4"] == ["Leeds"]
    house.says("865", f"BCA*00*AT*{number}")
    house.poll()
    assert state(house, request_id) == "ACCEPTED"
    (now,) = house.market.supplier.api.get("/api/supplier/orders").json["items"]
    assert now["shipping_address"]["city"] == "Leeds"


def test_a_997_that_refuses_the_860_leaves_it_to_people(house: House) -> None:
    ordered(house, "x12")
    request_id = asks(house, 2)
    (control,) = house.controls("860")
    house.says("997", f"AK1*PC*{control}", "AK2*860*0001", "AK5*R*1", "AK9*R*1*1*0")
    house.poll()
    assert state(house, request_id) == "OPEN"
    with db.system_scope(actor="test"), db.transaction() as session:
        rows = session.connection().exec_driver_sql("select state from change_messages")
        assert [one for (one,) in rows] == ["REJECTED"]
        told = session.connection().exec_driver_sql(
            "select message from timeline_entries where message = 'change.not_taken'"
        )
        assert len(list(told)) == 1


def test_what_is_withdrawn_is_put_back_by_an_860_and_a_late_yes_is_shown(house: House) -> None:
    number, sku = ordered(house, "x12")
    request_id = asks(house, 2)
    house.market.retailer.api.post(f"/api/change-requests/{request_id}/withdraw", {})
    house.jobs.drain()
    _asked, back = sent(house, "860")
    assert [one[1:5] for one in back if one[0] == "POC"] == [["1", "RZ", "3", "3"]]
    house.says("865", f"BCA*00*AC*{number}**2", f"POC*1*QD*3*1*EA***VP*{sku}", "ACK*IA*1*EA")
    house.poll()
    assert line(house) == (0, 0, 0)
    assert house.refused() == ["This request is over already. Send what is still ordered."]
    house.says("865", f"BCA*00*AC*{number}**3")
    house.poll()
    assert len(house.refused()) == 1


def test_an_answer_to_less_stops_that_and_the_rest_waits_for_its_own(house: House) -> None:
    number, _ = ordered(house, "x12")
    request_id = asks(house, 1)
    assert asks(house, 1) == request_id
    first, second = (next(one for one in found if one[0] == "BCH")[5] for found in sent(house, "860"))
    house.says("865", f"BCA*00*AC*{number}**{first}")
    house.poll()
    assert (state(house, request_id), line(house)) == ("OPEN", (0, 1, 0))
    house.says("865", f"BCA*00*AC*{number}**{second}")
    house.poll()
    assert (state(house, request_id), line(house)) == ("ACCEPTED", (0, 2, 0))


def test_a_ship_notice_that_comes_first_wins_and_an_855_that_says_no_is_the_answer(house: House) -> None:
    number, sku = ordered(house, "x12")
    request_id = asks(house, 2)
    house.says("856", *shipment(number, sku, (TRACKING[0], 2)))
    house.says("865", f"BCA*00*AC*{number}")
    house.poll()
    assert (state(house, request_id), line(house)) == ("PARTLY", (2, 1, 0))
    assert house.market.stock(house.market.lamp.variants[0])["reserved"] == 0


def test_units_that_an_855_does_not_send_were_asked_to_be_stopped(house: House) -> None:
    number, sku = ordered(house, "x12")
    request_id = asks(house, 2)
    house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA***VP*{sku}", "ACK*IR*2*EA", "ACK*IA*1*EA")
    house.poll()
    assert (state(house, request_id), line(house)) == ("ACCEPTED", (0, 2, 0)), "no rejection counts"


def test_a_csv_file_asks_and_rows_answer(house: House) -> None:
    number, sku = ordered(house, "sftp_csv")
    request_id = asks(house, 2)
    (name,) = (one for one in house.sent() if one.startswith("stop-"))
    header, row = house.sent()[name].decode().split("\r\n")[:2]
    told = dict(zip(header.split(","), row.split(","), strict=True))
    assert (told["action"], told["po_number"], told["sku"], told["quantity"]) == ("stop", number, sku, "2")
    house.put("answer.csv", f"po number,status,reason\n{number},too late,It is packed\n")
    house.poll()
    answered = house.market.retailer.api.get(f"/api/change-requests/{request_id}").json
    assert (answered["state"], answered["refusal"], answered["answer"]) == ("REFUSED", "packed", "It is packed")
    again = asks(house, 2)
    house.put("answer2.csv", f"po number,sku,quantity,status\n{number},{sku},2,stopped\n")
    house.poll()
    assert (state(house, again), line(house)) == ("ACCEPTED", (0, 2, 0))
    moved = moves(house)
    (name,) = (one for one in house.sent() if one.startswith("address-"))
    assert ",Leeds," in house.sent()[name].decode()
    house.put("answer3.csv", f"po number,status\n{number},address changed\n")
    house.poll()
    assert state(house, moved) == "ACCEPTED"
    assert house.refused() == []


def test_files_that_do_not_tell_what_they_are_ask_for_nothing(house: House) -> None:
    ordered(house, "sftp_csv", columns="Bestellung = number\nArtikel = sku\nMenge = quantity")
    request_id = asks(house, 2)
    assert len(house.sent()) == 1, "the order alone"
    assert state(house, request_id) == "OPEN"
    with db.system_scope(actor="test"), db.transaction() as session:
        rows = session.connection().exec_driver_sql("select state from change_messages")
        assert [one for (one,) in rows] == ["BY_PEOPLE"]


def test_a_supplier_that_cancels_by_file_without_being_asked_does_not_send_it(house: House) -> None:
    number, _ = ordered(house, "sftp_csv")
    house.put("answer.csv", f"po number,status\n{number},cancelled\n")
    house.poll()
    assert (house.refused(), line(house)) == ([], (0, 3, 3))


def shopped(house: House, server: Any, world: World) -> dict[str, Any]:
    """An order in the supplier's WooCommerce shop, which counts as accepted."""
    house.choose("woocommerce_shop", url=server.url, consumer_key=world.key, consumer_secret=world.secret)
    house.order()
    house.poll()
    (order,) = world.orders.values()
    return order


@pytest.fixture
def world(house: House) -> World:
    """A shop that has lamps."""
    found = World(with_fulfillments=True)
    found.add_product(house.market.lamp.skus[0], 10)
    return found


@pytest.mark.parametrize("fault", ["", "drop_before", "drop_after", "error_after"])
def test_units_are_taken_off_the_order_in_the_suppliers_shop_once(house: House, world: World, fault: str) -> None:
    with serving(world) as server:
        order = shopped(house, server, world)
        world.faults += [fault] if fault else []
        request_id = asks(house, 2)
        house.jobs.drain(retries=True)
        assert order["line_items"][0]["quantity"] == 1
        house.poll()
        house.poll()
    assert (state(house, request_id), line(house)) == ("ACCEPTED", (0, 2, 0))
    assert house.refused() == []


def test_the_whole_order_is_cancelled_in_the_suppliers_shop(house: House, world: World) -> None:
    with serving(world) as server:
        order = shopped(house, server, world)
        request_id = asks(house, 3)
        house.poll()
    assert order["status"] == "cancelled"
    assert (state(house, request_id), line(house)) == ("ACCEPTED", (0, 3, 0))


def test_what_left_the_shop_before_is_not_stopped_and_its_parcel_comes_back(house: House, world: World) -> None:
    with serving(world) as server:
        order = shopped(house, server, world)
        world.fulfil(order["id"], {order["line_items"][0]["id"]: 2}, TRACKING[0])
        request_id = asks(house, 3)
        assert (state(house, request_id), line(house)) == ("PARTLY", (0, 1, 0))
        house.poll()
        house.poll()
    assert line(house) == (2, 1, 0)
    assert house.market.stock(house.market.lamp.variants[0])["reserved"] == 0


def test_what_the_shop_takes_off_before_we_hear_it_is_what_was_asked_for(house: House, world: World) -> None:
    with serving(world) as server:
        order = shopped(house, server, world)
        world.faults.append("drop_after")
        request_id = asks(house, 2)
        assert order["line_items"][0]["quantity"] == 1
        house.poll()
        assert (state(house, request_id), line(house)) == ("ACCEPTED", (0, 2, 0)), "no rejection counts"
        house.jobs.drain(retries=True)
    assert order["line_items"][0]["quantity"] == 1


def test_the_shops_order_goes_to_the_new_address_as_long_as_it_is_there(house: House, world: World) -> None:
    with serving(world) as server:
        order = shopped(house, server, world)
        request_id = moves(house)
        assert (state(house, request_id), order["shipping"]["city"]) == ("ACCEPTED", "Leeds")
        world.fulfil(order["id"], {order["line_items"][0]["id"]: 3}, TRACKING[0])
        answer = house.market.retailer.api.put(
            f"/api/orders/{house.orders[-1]['id']}/address", {**ELSEWHERE, "city": "Bradford"}
        )
        (late,) = answer.json["change_requests"]
        house.jobs.drain()
    assert (state(house, late["id"]), order["shipping"]["city"]) == ("REFUSED", "Leeds")
