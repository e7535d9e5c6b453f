"""What can't be done is explained on a page from which the reader gets back to its work."""

from __future__ import annotations

import pytest

from tests.market import Market
from tests.web.browsing import text_of
from tests.web.pages.test_guards import signed_in

LIST = "/app/orders?status=ON_HOLD"


def test_who_ticked_nothing_gets_back_to_the_list_with_its_filters(market: Market) -> None:
    browser = signed_in(market, "retailer")
    token = browser.form("/app/settings", "").select_one("[name=csrf_token]")
    assert token is not None
    sent = {"csrf_token": str(token["value"]), "do": "cancel"}
    refused = browser.post(
        "/app/orders/bulk", sent, headers={"Referer": f"http://localhost{LIST}&done=saved&id_token=x"}
    )
    assert refused.status_code == 422
    assert "Back to where you were" in text_of(refused)
    assert f'href="{LIST}"' in refused.text


@pytest.mark.parametrize(
    "came",
    [
        "",
        "https://elsewhere.example/app/orders",
        "http://localhost/supplier/purchase-orders",
        "http://localhost/app/orders/bulk",
        "http://localhost//elsewhere.example/app/",
        "http://localhost/app/nothing-here",
    ],
)
def test_nobody_is_led_where_there_is_nothing_to_see(market: Market, came: str) -> None:
    browser = signed_in(market, "retailer")
    refused = browser.get("/app/orders?cursor=garbage", headers={"Referer": came} if came else {})
    assert refused.status_code == 422
    assert "Back to where you were" not in text_of(refused)
    assert "To the start page" in text_of(refused)


@pytest.mark.parametrize("page", ["/console/orders?search=%00", "/console/suppliers?cursor=WyJ4IiwieSIsInoiXQ"])
def test_an_address_that_nobody_was_given_is_refused_not_stumbled_over(market: Market, page: str) -> None:
    assert signed_in(market, "platform").get(page).status_code == 422


def test_an_address_with_a_nul_is_answered_like_any_other_that_leads_nowhere(market: Market) -> None:
    """Whoever scans for holes sends such; the database takes none."""
    browser = signed_in(market, "retailer")
    for nowhere in ("/catalogue/%00", "/t/%00", "/product/a%00/-", "/app/returns/%00"):
        assert browser.get(nowhere).status_code == 404, nowhere
