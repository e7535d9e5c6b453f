"""Order lines of a store that no supplier's variant is linked to: left alone, or asked about until their retailer says
what they are, which holds for later orders too."""

from __future__ import annotations

from datetime import timedelta

from app.kit import clock
from tests.flows.books import Books
from tests.flows.storefront import Json, Storefront
from tests.web.browsing import text_of


def choose(storefront: Storefront, what: str) -> None:
    """The retailer chooses on its settings page what becomes of such lines."""
    path = f"/app/settings/stores/{storefront.store_id}/unlinked"
    assert storefront.books.press(storefront.market.retailer, path, unlinked_lines=what).status_code == 303


def same_sku(storefront: Storefront, **changes: object) -> Json:
    """A line of another variant than ours, with the SKU of our lamp."""
    return storefront.foreign_line(sku=storefront.market.lamp.skus[0], **changes)


def newest(storefront: Storefront) -> Json:
    return storefront.orders()[-1]


def waiting(order: Json) -> list[tuple[str, str]]:
    """The lines that are asked about, each with the reason."""
    return [(line["title"], line["why"]) for line in order["unlinked_lines"] if line["state"] == "waiting"]


def placed_later(storefront: Storefront, *lines: Json, **changes: object) -> Json:
    """An order that its shopper placed after all that was said so far."""
    at = (clock.now() + timedelta(seconds=1)).isoformat()
    return storefront.order(*lines, created_at=at, processed_at=at, updated_at=at, **changes)


def act(storefront: Storefront, order: Json, what: str, line: int = 0, **values: object) -> Json:
    asked = [one for one in order["unlinked_lines"] if one["state"] == "waiting"]
    path = f"/api/orders/{order['id']}/unlinked-lines/{asked[line]['id']}/{what}"
    answer = storefront.market.retailer.api.post(path, values)
    assert answer.status_code == 200, answer.text
    storefront.jobs.drain()
    return storefront.books.order(order)


def test_what_does_not_look_like_ours_is_left_alone_and_shown(storefront: Storefront, books: Books) -> None:
    assert storefront.tell("orders/paid", storefront.order(storefront.foreign_line())) == "ignored: no line is ours"
    lamp = storefront.line(storefront.market.lamp.variants[0], 1)
    storefront.tell("orders/paid", storefront.order(lamp, storefront.foreign_line(title="Own mug")))
    order = storefront.only_order()
    assert (order["status"], order["holds"]) == ("PENDING", [])
    assert [(line["title"], line["state"], line["why"]) for line in order["unlinked_lines"]] == [
        ("Own mug", "left", None)
    ]
    assert "Own mug" in text_of(books.browser(storefront.market.retailer).get(f"/app/orders/{order['id']}"))


def test_a_line_with_a_listings_sku_holds_the_order_until_it_is_linked_and_the_link_holds(
    storefront: Storefront, books: Books
) -> None:
    market = storefront.market
    chair = storefront.line(market.chair.variants[0], 1)
    storefront.tell("orders/paid", storefront.order(same_sku(storefront, title="Lamp, old page", quantity=2), chair))
    order = storefront.only_order()
    (hold,) = order["holds"]
    assert (order["status"], hold["reason"], hold["releases"], hold["ends_by"]) == (
        "ON_HOLD", "unlinked_lines", "nobody", "link",
    )  # fmt: skip
    assert waiting(order) == [("Lamp, old page", "sku")]
    assert books.taken(order) == []
    assert storefront.reserved() == (0, 1), "what is ours is set aside meanwhile"
    shop, page = books.browser(market.retailer), f"/app/orders/{order['id']}"
    seen = text_of(shop.get(page))
    assert "1 × Lamp, old page: A listing of yours has the same SKU." in seen
    assert "What is “Lamp, old page”?" in seen
    assert "you list it" in seen
    inbox = text_of(shop.get("/app/exceptions"))
    assert "A line has no supplier" in inbox
    assert "Say what it is" in inbox
    # Trying again, or putting the address right, says nothing of the line.
    assert books.press(market.retailer, f"{page}/resume").status_code == 303
    assert storefront.holds() == ["unlinked_lines"]
    line = order["unlinked_lines"][0]["id"]
    assert shop.submit(page, f"{page}/unlinked/{line}/link", variant_id=str(market.lamp.variants[0])).status_code == 303
    storefront.jobs.drain()
    order = storefront.only_order()
    assert (order["status"], order["holds"], waiting(order)) == ("PENDING", [], [])
    assert len(order["purchase_orders"]) == 2
    assert storefront.reserved() == (1, 1)
    assert "Lamp, old page of the store is" in text_of(shop.get(page))
    again = placed_later(storefront, same_sku(storefront, title="Lamp, old page"))
    storefront.tell("orders/paid", again)
    order = newest(storefront)
    assert (order["status"], order["holds"], len(order["purchase_orders"])) == ("PENDING", [], 1)
    # Forgotten, it is asked about again.
    settings = f"/app/settings/stores/{storefront.store_id}"
    assert "Lamp, old page" in text_of(shop.get(settings))
    link = books.row("select id from store_links")["id"]
    forget = f"/app/settings/stores/{storefront.store_id}/links/{link}/forget"
    assert shop.submit(settings, forget).status_code == 303
    storefront.tell("orders/paid", placed_later(storefront, same_sku(storefront)))
    assert waiting(newest(storefront)) == [("Desk lamp", "sku")]


def test_a_variant_of_our_product_and_what_the_store_gives_us_to_deliver_are_asked_about(
    storefront: Storefront,
) -> None:
    number = int(storefront.product_refs[0].rpartition("/")[2])
    storefront.tell("orders/paid", storefront.order(storefront.foreign_line(product_id=number)))
    assert waiting(newest(storefront)) == [("Desk lamp", "product")]
    ours = storefront.foreign_line(fulfillment_service="nordlicht")
    assert storefront.tell("orders/paid", storefront.order(ours)) == "ignored: no line is ours"
    storefront.books.rows(
        "insert into store_locations (store_id, supplier_id, retailer_id, external_location_id, external_service_id,"
        " created_at) values (%s, %s, %s, 'gid://shopify/Location/1', 'gid://shopify/FulfillmentService/1', now())"
        " returning store_id",
        storefront.store_id,
        storefront.market.supplier.id,
        storefront.market.retailer.id,
    )
    storefront.tell("orders/paid", storefront.order(storefront.foreign_line(fulfillment_service="nordlicht")))
    assert waiting(newest(storefront)) == [("Desk lamp", "service")]
    sent = storefront.foreign_line(fulfillment_service="nordlicht", fulfillable_quantity=0)
    assert storefront.tell("orders/paid", storefront.order(sent)) == "ignored: no line is ours"


def test_the_retailer_chooses_to_be_asked_always_or_never(storefront: Storefront) -> None:
    choose(storefront, "always")
    storefront.tell("orders/paid", storefront.order(storefront.foreign_line(title="Own mug")))
    assert waiting(newest(storefront)) == [("Own mug", "always")]
    choose(storefront, "alone")
    assert storefront.tell("orders/paid", storefront.order(same_sku(storefront))) == "ignored: no line is ours"
    path = f"/app/settings/stores/{storefront.store_id}/unlinked"
    refused = storefront.books.press(storefront.market.retailer, path, unlinked_lines="sometimes")
    assert refused.status_code == 422
    test = storefront.order(same_sku(storefront), test=True)
    choose(storefront, "like_ours")
    assert storefront.tell("orders/paid", test) == "ignored: no line is ours"


def test_not_ours_lets_the_rest_go_closes_an_order_of_nothing_else_and_is_remembered(
    storefront: Storefront, books: Books
) -> None:
    mug = {"title": "Own mug", "variant_id": 55}
    lamp = storefront.line(storefront.market.lamp.variants[0], 1)
    storefront.tell("orders/paid", storefront.order(same_sku(storefront, **mug)))
    storefront.tell("orders/paid", storefront.order(lamp, same_sku(storefront, **mug)))
    first, second = storefront.orders()
    assert "order_held" in books.notices(storefront.market.retailer)
    done = act(storefront, first, "not-ours")
    assert (done["status"], done["holds"], done["purchase_orders"]) == ("CANCELLED", [], [])
    other = books.order(second)
    assert (other["status"], other["holds"], len(other["purchase_orders"])) == ("PENDING", [], 1)
    assert books.notices(storefront.market.retailer) == {}
    later = placed_later(storefront, same_sku(storefront, **mug))
    assert storefront.tell("orders/paid", later) == "ignored: no line is ours"


def test_an_order_placed_in_the_second_of_the_link_is_not_asked_about(storefront: Storefront, books: Books) -> None:
    """Stores tell whole seconds."""
    article = {"title": "Lamp, old page", "variant_id": 78}
    storefront.tell("orders/paid", storefront.order(same_sku(storefront, **article)))
    act(storefront, newest(storefront), "link", variant_id=str(storefront.market.lamp.variants[0]))
    linked_at = books.row("select created_at from store_links")["created_at"]
    at = dict.fromkeys(("created_at", "processed_at", "updated_at"), linked_at.replace(microsecond=0).isoformat())
    storefront.tell("orders/paid", storefront.order(same_sku(storefront, **article), **at))
    assert (waiting(newest(storefront)), len(newest(storefront)["purchase_orders"])) == ([], 1)


def test_orders_placed_before_a_link_are_asked_about_instead_of_sent(storefront: Storefront) -> None:
    article = {"title": "Lamp, old page", "variant_id": 77, "sku": "OLD"}
    early = storefront.order(storefront.foreign_line(**article))
    assert storefront.tell("orders/paid", early) == "ignored: no line is ours"
    storefront.tell("orders/paid", storefront.order(same_sku(storefront, title="Lamp, old page", variant_id=77)))
    linked = act(storefront, newest(storefront), "link", variant_id=str(storefront.market.lamp.variants[0]))
    assert linked["status"] == "PENDING"
    storefront.tell("orders/updated", early)
    assert waiting(newest(storefront)) == [("Lamp, old page", "linked_since")]
    assert newest(storefront)["purchase_orders"] == []


def test_the_store_takes_away_or_sends_itself_what_is_asked_about(storefront: Storefront) -> None:
    lamp = storefront.line(storefront.market.lamp.variants[0], 1)
    body = storefront.order(lamp, same_sku(storefront, quantity=3, current_quantity=3, fulfillable_quantity=3))
    storefront.tell("orders/paid", body)
    line = body["line_items"][1]
    fewer = line | {"current_quantity": 2, "fulfillable_quantity": 2}
    changed = body | {"updated_at": "2026-11-01T11:00:00-04:00"}
    storefront.tell("orders/updated", changed | {"line_items": [lamp, fewer]})
    assert [one["quantity"] for one in storefront.only_order()["unlinked_lines"]] == [2]
    assert storefront.holds() == ["unlinked_lines"]
    sent = fewer | {"fulfillable_quantity": 0}
    later = changed | {"updated_at": "2026-11-01T12:00:00-04:00", "line_items": [lamp, sent]}
    storefront.tell("orders/updated", later)
    order = storefront.only_order()
    assert (order["status"], order["holds"], order["unlinked_lines"][0]["state"]) == ("PENDING", [], "gone")
    assert len(order["purchase_orders"]) == 1


def test_a_line_added_later_is_an_order_of_its_own_that_is_asked_about(storefront: Storefront) -> None:
    lamp = storefront.line(storefront.market.lamp.variants[0], 1)
    body = storefront.order(lamp)
    storefront.tell("orders/paid", body)
    more = body | {"updated_at": "2026-11-01T11:00:00-04:00", "line_items": [lamp, same_sku(storefront)]}
    storefront.tell("orders/updated", more)
    storefront.tell("orders/updated", more | {"updated_at": "2026-11-01T12:00:00-04:00"})
    first, second = storefront.orders()
    assert (first["holds"], len(first["purchase_orders"])) == ([], 1)
    assert waiting(second) == [("Desk lamp", "sku")]
    done = act(storefront, second, "link", variant_id=str(storefront.market.lamp.variants[0]))
    assert (done["status"], len(done["purchase_orders"])) == ("PENDING", 1)


def test_an_order_that_is_cancelled_in_its_store_asks_nothing_any_more(storefront: Storefront, books: Books) -> None:
    cancelled = {"cancelled_at": "2026-11-01T10:07:00-04:00"}
    alone = storefront.order(same_sku(storefront))
    storefront.tell("orders/paid", alone)
    storefront.tell("orders/cancelled", alone | cancelled)
    mixed = storefront.order(storefront.line(storefront.market.lamp.variants[0], 1), same_sku(storefront))
    storefront.tell("orders/paid", mixed)
    storefront.tell("orders/cancelled", mixed | cancelled)
    overtaken = storefront.order(same_sku(storefront))
    assert storefront.tell("orders/cancelled", overtaken | cancelled) == "cancelled before it came"
    storefront.tell("orders/paid", overtaken)
    found = storefront.orders()
    assert [(one["status"], one["holds"], waiting(one)) for one in found[:2]] == [("CANCELLED", [], [])] * 2
    assert (found[2]["status"], found[2]["holds"]) == ("CANCELLED", [])
    assert storefront.reserved() == (0, 0)
    assert "A line has no supplier" not in text_of(books.browser(storefront.market.retailer).get("/app/exceptions"))


def test_cancelling_what_is_ours_leaves_what_is_asked_about_to_be_answered(storefront: Storefront) -> None:
    market = storefront.market
    lamp = storefront.line(market.lamp.variants[0], 1)
    for _ in range(2):
        storefront.tell("orders/paid", storefront.order(lamp, same_sku(storefront)))
    for order in storefront.orders():
        storefront.books.cancel(order, order["lines"][0])
    first = storefront.orders()[0]
    assert (first["status"], first["holds"][0]["reason"]) == ("ON_HOLD", "unlinked_lines")
    assert storefront.reserved() == (0, 0)
    done = act(storefront, first, "link", variant_id=str(market.lamp.variants[0]))
    assert (done["status"], done["holds"], len(done["purchase_orders"])) == ("PENDING", [], 1)
    # The other one waits for the same.
    assert [one["status"] for one in storefront.orders()] == ["PENDING"] * 2
    assert storefront.reserved() == (2, 0)


def test_an_order_of_which_all_was_cancelled_or_taken_away_is_closed(storefront: Storefront) -> None:
    lamp = storefront.line(storefront.market.lamp.variants[0], 1)
    mug = same_sku(storefront, title="Own mug", variant_id=56)
    body = storefront.order(lamp, mug)
    storefront.tell("orders/paid", body)
    storefront.books.cancel(storefront.only_order(), storefront.only_order()["lines"][0])
    done = act(storefront, storefront.only_order(), "not-ours")
    assert (done["status"], done["holds"], done["purchase_orders"]) == ("CANCELLED", [], [])
    other = same_sku(storefront, title="Own cup", variant_id=57)
    body = storefront.order(lamp, other)
    storefront.tell("orders/paid", body)
    lines = [one | {"current_quantity": 0, "fulfillable_quantity": 0} for one in body["line_items"]]
    first = body | {"updated_at": "2026-11-01T11:00:00-04:00", "line_items": [lines[0], other]}
    storefront.tell("orders/updated", first)
    assert (newest(storefront)["status"], waiting(newest(storefront))) == ("ON_HOLD", [("Own cup", "sku")])
    storefront.tell("orders/updated", body | {"updated_at": "2026-11-01T12:00:00-04:00", "line_items": lines})
    order = newest(storefront)
    assert (order["status"], order["holds"], waiting(order)) == ("CANCELLED", [], [])


def test_an_order_that_its_retailer_cancels_altogether_asks_nothing_any_more(
    storefront: Storefront, books: Books
) -> None:
    market = storefront.market
    lamp = storefront.line(market.lamp.variants[0], 1)
    storefront.tell("orders/paid", storefront.order(lamp, same_sku(storefront)))
    storefront.tell("orders/paid", storefront.order(same_sku(storefront)))
    storefront.tell("orders/paid", storefront.order(same_sku(storefront)))
    mixed, alone, in_bulk = storefront.orders()
    for order in (mixed, alone):
        assert market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {}).status_code == 200
    started = books.press(market.retailer, "/app/orders/bulk", do="cancel", sure="1", order=in_bulk["id"])
    assert started.status_code == 303, text_of(started)
    storefront.jobs.drain()
    assert [(one["status"], one["holds"], waiting(one)) for one in storefront.orders()] == [("CANCELLED", [], [])] * 3
    assert storefront.reserved() == (0, 0)


def test_a_line_is_settled_once_by_its_own_retailer_with_what_is_on_offer(storefront: Storefront) -> None:
    market = storefront.market
    storefront.tell("orders/paid", storefront.order(same_sku(storefront)))
    order = newest(storefront)
    path = f"/api/orders/{order['id']}/unlinked-lines/{order['unlinked_lines'][0]['id']}"
    lamp = {"variant_id": str(market.lamp.variants[0])}
    assert market.other_retailer.api.post(f"{path}/link", lamp).status_code == 404
    assert market.other_retailer.api.post(f"{path}/not-ours", {}).status_code == 404
    assert market.key(market.retailer, "read:orders").post(f"{path}/link", lamp).status_code == 403
    nothing = market.retailer.api.post(f"{path}/link", {"variant_id": str(market.retailer.id)})
    assert (nothing.status_code, nothing.json["errors"][0]["code"]) == (422, "not_on_offer")
    assert market.retailer.api.post(f"{path}/link", lamp).status_code == 200
    late = market.retailer.api.post(f"{path}/not-ours", {})
    assert (late.status_code, late.json["code"]) == (409, "already_routed")
    elsewhere = market.retailer.api.post(f"/api/orders/{order['id']}/unlinked-lines/{market.retailer.id}/link", lamp)
    assert elsewhere.status_code in (404, 409)


def test_suggestions_begin_with_what_the_retailer_lists_and_words_find_the_catalogue(
    storefront: Storefront, books: Books
) -> None:
    storefront.tell("orders/paid", storefront.order(same_sku(storefront)))
    order = newest(storefront)
    shop, line = books.browser(storefront.market.retailer), order["unlinked_lines"][0]["id"]
    found = text_of(shop.get(f"/app/orders/{order['id']}?line={line}&search=chair"))
    assert storefront.market.chair.skus[0] in found
    none = text_of(shop.get(f"/app/orders/{order['id']}?line={line}&search=zeppelin"))
    assert "Nothing on offer has these words in its title, or this SKU." in none
