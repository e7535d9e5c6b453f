"""What comes to the address of Shopify's hooks and is no good: refused at the door, or kept with the reason why nothing
came of it; and never half written."""

from __future__ import annotations

import json

import pytest

from app import db
from app.web.hooks import LARGEST_HOOK
from tests.flows.storefront import Json, Storefront

#: All that a hook could change.
TABLES = ("inbox_messages", "orders", "order_lines", "order_holds", "reservations", "purchase_orders", "notices")


def contents(storefront: Storefront) -> dict[str, int]:
    """How many rows each table has."""
    return {table: storefront.market.count(table) for table in TABLES}


def test_what_shopify_did_not_sign_is_refused_and_nothing_of_it_kept(storefront: Storefront) -> None:
    body = json.dumps(storefront.order()).encode()
    before = contents(storefront)
    forged: dict[str, Json] = {
        "another secret": {"secret": "another app's secret"},
        "an empty secret": {"secret": ""},
        "a changed body": {"signed": body.replace(b'"paid"', b'"PAID"')},
        "a truncated body": {"signed": body + b"}"},
        "no signature": {"Hmac_Sha256": None},
        "an empty signature": {"Hmac_Sha256": ""},
        "a signature that is no base64": {"Hmac_Sha256": "!" * 44},
        "no topic": {"Topic": None},
        "no shop": {"Shop_Domain": None},
        "a shop elsewhere": {"Shop_Domain": "northwind.example"},
        "no id": {"Webhook_Id": None},
        "an endless id": {"Webhook_Id": "x" * 300},
    }
    for name, how in forged.items():
        answer = storefront.send("orders/paid", body, **how)
        assert (answer.status_code, answer.json["code"]) == (401, "bad_signature"), name
        assert answer.content_type == "application/problem+json"
    storefront.jobs.drain()
    assert contents(storefront) == before


def test_a_hook_that_is_too_large_is_refused_unread(storefront: Storefront) -> None:
    before = contents(storefront)
    for size in (LARGEST_HOOK + 1, 5 * LARGEST_HOOK):
        answer = storefront.send("orders/paid", b" " * size)
        assert (answer.status_code, answer.json["code"]) == (413, "too_large"), size
    chunked = storefront.market.app.test_client(use_cookies=False).post(
        "/hooks/shopify",
        environ_overrides={
            "wsgi.input": _Endless(),
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    assert chunked.status_code == 413, "whoever does not say how much comes is cut off"
    assert contents(storefront) == before
    whole = json.dumps(storefront.order()).encode()
    padded = whole[:-1] + b" " * (LARGEST_HOOK - len(whole)) + b"}"
    assert storefront.tell("orders/paid", padded).endswith("placed"), "the largest that may come is read"


class _Endless:
    """A body without an end. It fails the test when much more than the limit is read."""

    def __init__(self) -> None:
        self._left = 2 * LARGEST_HOOK

    def read(self, size: int = -1) -> bytes:
        size = 65_536 if size < 0 else size
        self._left -= size
        assert self._left > 0, "far more than the limit was read"
        return b" " * size

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def test_an_address_that_is_nobodys_is_not_found(storefront: Storefront) -> None:
    client = storefront.market.app.test_client(use_cookies=False)
    before = contents(storefront)
    assert client.post("/hooks/nobody", data=b"{}").status_code == 404
    assert client.post("/hooks/custom", data=b"{}").status_code == 404, "a custom store calls our API"
    assert client.get("/hooks/shopify").status_code == 405
    assert contents(storefront) == before


def test_what_is_genuine_but_unreadable_is_kept_with_its_reason_and_the_retailer_told(storefront: Storefront) -> None:
    deep = b'{"id": 1, "note": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    order = storefront.order()
    unreadable: dict[str, tuple[bytes, str]] = {
        "nothing": (b"", "not JSON"),
        "no JSON": (b"<order/>", "not JSON"),
        "half of it": (json.dumps(order).encode()[:-40], "not JSON"),
        "not UTF-8": (b'{"id": 1, "name": "caf\xe9"}', "not JSON"),
        "another encoding": (json.dumps(order).encode("utf-16"), "not JSON"),
        "half a letter": (b'{"id": 1, "name": "\\ud800"}', "not JSON"),
        "a number beyond all": (b'{"id": 1e999}', "not JSON"),
        "an array": (b"[1, 2]", "not a JSON object"),
        "a word": (b'"order"', "not a JSON object"),
        "null": (b"null", "not a JSON object"),
        "a well": (deep, "not JSON"),
        "no id": (b"{}", "the order has no id"),
        "an id that is a word": (b'{"id": "one"}', "the order has no id"),
        "lines that are none": (json.dumps(order | {"line_items": ["two lamps"]}).encode(), "line_items[0]"),
        "a line without an id": (json.dumps(order | {"line_items": [{"quantity": 1}]}).encode(), "line_items[0]"),
    }
    before = contents(storefront)
    for name, (body, reason) in unreadable.items():
        outcome = storefront.tell("orders/paid", body)
        assert outcome.startswith("refused: "), name
        assert reason in outcome, name
    count = len(unreadable)
    assert contents(storefront) == before | {"inbox_messages": count, "notices": before["notices"] + count}
    told = storefront.books.rows("select body from notices where kind = 'hook_refused' order by id")
    bodies = [row["body"] for row in told]
    assert all(reason in body for body, (_, reason) in zip(bodies, unreadable.values(), strict=True)), bodies
    assert [task for task in storefront.jobs.open_tasks() if task[0] == "read_inbox"] == [], "nothing is tried for ever"
    assert storefront.tell("orders/paid", order).endswith("placed"), "and the next one is taken"


def test_strange_values_in_a_hook_are_taken_as_far_as_they_go(storefront: Storefront) -> None:
    """Each is one that must neither stop the hook for ever nor be stored as it is."""
    listed = storefront.product_refs[0]
    number = int(listed.rpartition("/")[2])
    variant = storefront.line(storefront.market.lamp.variants[0])["variant_id"]
    strange: dict[str, tuple[str, Json, str]] = {
        "a NUL in the name": ("orders/paid", storefront.order(name="#1\x00", note="a\x00b"), "placed"),
        "a NUL in an id": ("products/delete", {"admin_graphql_api_id": "gid://shopify/Product/\x00"}, "noted"),
        "a time before all times": (
            "orders/paid",
            storefront.order(processed_at="0001-01-01T00:00:00+14:00"),
            "placed",
        ),
        "a price that is none": (
            "orders/paid",
            storefront.order(
                storefront.line(storefront.market.lamp.variants[0], price_set=None, price="a lot"),
            ),
            "placed",
        ),
        "a NUL in a title": (
            "products/update",
            {"id": number, "title": "Lamp\x00", "updated_at": "2999-01-01T00:00:00Z"},
            "title",
        ),
        "a price in thousandths": (
            "products/update",
            {
                "id": number,
                "updated_at": "2999-01-01T00:00:00Z",
                "variants": [{"id": variant, "price": "31.005"}, {"id": variant + 1, "price": "a lot"}],
            },
            "nothing of the retailer's own",
        ),
        "a product changed before all times": (
            "products/update",
            {"id": number, "updated_at": "0001-01-01T00:00:00+14:00"},
            "refused",
        ),
    }
    for name, (topic, body, expected) in strange.items():
        assert expected in storefront.tell(topic, body), name
    assert [task for task in storefront.jobs.open_tasks() if task[0] == "read_inbox"] == []
    assert storefront.listing(listed).title == "Lamp"


def test_an_unknown_topic_or_shop_is_kept_and_changes_nothing(storefront: Storefront) -> None:
    before = contents(storefront)
    assert storefront.tell("themes/publish", {"id": 1}) == "ignored: nothing is to be done for themes/publish"
    stranger = storefront.tell("orders/paid", storefront.order(), Shop_Domain="stranger.myshopify.com")
    assert stranger == "ignored: no such store"
    assert contents(storefront) == before | {"inbox_messages": 2}


def test_a_hook_without_its_time_or_with_nonsense_for_one_is_taken(storefront: Storefront) -> None:
    for when in (None, "yesterday", "0001-01-01T00:00:00+14:00", "2026-11-01T10:00:00"):
        order = storefront.order(storefront.line(storefront.market.lamp.variants[0]))
        assert storefront.tell("orders/paid", order, Triggered_At=when).endswith("placed"), when


def test_a_delivery_is_known_by_its_id_within_its_shop_only(storefront: Storefront) -> None:
    """A replayed delivery changes nothing, also with another body; another shop may use the same id."""
    first, second = storefront.order(), storefront.order()
    assert storefront.tell("orders/paid", first, message_id="one").endswith("placed")
    assert storefront.send("orders/paid", second, message_id="one").status_code == 200
    assert storefront.send("app/uninstalled", {"id": 1}, message_id="one").status_code == 200
    storefront.jobs.drain()
    assert [order["external_id"] for order in storefront.orders()] == [first["admin_graphql_api_id"]]
    assert storefront.books.row("select status from stores where id = %s", storefront.store_id)["status"] == "connected"
    answer = storefront.send("orders/paid", second, message_id="one", Shop_Domain="stranger.myshopify.com")
    assert answer.status_code == 200
    assert storefront.market.count("inbox_messages") == 2


@pytest.mark.parametrize("topic", ["orders/paid", "orders/cancelled", "products/update", "products/delete"])
def test_one_shops_hook_says_nothing_of_anothers_things(storefront: Storefront, topic: str) -> None:
    """A shop that is connected, too, names the ids of ours."""
    from tests import factories

    with db.system_scope(actor="test"), db.transaction() as session:
        stranger = factories.retailer(session, "Stranger")
        factories.store(session, stranger, shop="stranger.myshopify.com")
    storefront.jobs.drain()
    order = storefront.order()
    storefront.tell("orders/paid", order)
    before = storefront.only_order()
    product = {"id": int(storefront.product_refs[0].rpartition("/")[2]), "title": "Stolen"}
    body = order if topic.startswith("orders/") else product | {"updated_at": "2999-01-01T00:00:00Z"}
    storefront.tell(topic, body, Shop_Domain="stranger.myshopify.com")
    assert storefront.only_order() == before
    listing = storefront.listing(storefront.product_refs[0])
    assert (listing.title, listing.owned_fields, listing.state != "UNLINKED") == ("Desk lamp", [], True)
    assert storefront.market.count("orders") == 1
