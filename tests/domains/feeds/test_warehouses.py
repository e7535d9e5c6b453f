"""Stock in a column for each place is added up, after a person was asked, and never taken for one place's alone."""

from __future__ import annotations

import pytest

from tests.adapters.settings import set_up
from tests.domains.feeds.files import opened
from tests.domains.feeds.portal import Portal, portal
from tests.domains.feeds.test_kinds import send, take_over
from tests.web.browsing import text_of

__all__ = ["portal", "set_up"]


@pytest.mark.parametrize(
    "header", ["Stock Berlin;Stock Hamburg", "Stock 1;Stock 2", "Lager Köln;Lager Wien", "Voorraad NL;Voorraad BE"]
)
def test_columns_of_places_are_added_up_and_asked_about(header: str) -> None:
    file = opened(f"SKU;Title;Cost;{header}\nA;Lamp;5;3;4\nB;Chair;5;0;\nC;Stool;5;;\n".encode())
    assert [row.record.get("stock") for row in file.rows] == [7, 0, None]
    assert file.detected["unsure"] == header.split(";")
    reasons = {column["column"]: column["reason"] for column in file.detected["columns"]}
    assert "added up" in reasons[header.split(";")[0]]


def test_a_total_beside_the_places_is_all_of_it() -> None:
    file = opened(b"SKU;Title;Cost;Stock;Stock Berlin;Stock Hamburg\nA;Lamp;5;7;3;4\nB;Chair;5;4;0;4\n")
    assert ([row.record["stock"] for row in file.rows], file.detected["unsure"]) == ([7, 4], [])


def test_a_total_that_is_less_than_a_place_is_doubted() -> None:
    file = opened(b"SKU;Title;Cost;Stock;Stock Hamburg\nA;Lamp;5;3;4\nB;Chair;5;0;4\n")
    assert ([row.record["stock"] for row in file.rows], file.detected["unsure"]) == ([3, 0], ["Stock"])


def test_what_can_not_be_read_at_one_place_is_not_hidden_by_the_others() -> None:
    header = b"SKU;Title;Cost;Stock Berlin;Stock Hamburg\n"
    rows = list(opened(header + b"".join(b"A-%d;Lamp;5;3;4\n" % n for n in range(12)) + b"B;Chair;5;2;soon\n").rows)
    assert "stock" not in rows[-1].record
    assert [problem.code for problem in rows[-1].problems] == ["unknown_stock"]


def test_a_person_can_leave_a_place_out(portal: Portal) -> None:
    run = send(portal, b"SKU,Title,Cost,Stock Berlin,Stock Hamburg\nA,Lamp,5,3,4\nB,Chair,5,1,0\n")
    assert "We are not sure of these" in text_of(portal.browser.get(f"/supplier/uploads/{run['id']}"))
    assert portal.choices(run)["Stock Hamburg"] == "stock2"
    portal.confirm(run, **{"Stock Hamburg": ""})
    take_over(portal)
    assert portal.stock() == {"A": 3, "B": 1}


def test_more_at_the_second_place_alone_is_a_change(portal: Portal) -> None:
    for hamburg in (4, 9):
        run = send(portal, f"SKU,Title,Cost,Stock Berlin,Stock Hamburg\nA,Lamp,5,3,{hamburg}\nB,Chair,5,1,0\n".encode())
        take_over(portal)
    assert run["counts"]["changed"] == 1
    assert portal.stock() == {"A": 12, "B": 1}
