"""Webhook endpoints and events by the API: whose they are, what is shown of secrets, and reading the stream."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import db
from app.identity.rules import SCOPES_OF_KIND
from app.webhooks.rules import MOST_ENDPOINTS
from app.webhooks.service import Fact, record
from tests.market import Market, Party

URL = "https://hooks.example/crossdock"
BODY = {"url": URL, "events": ["payout.sent"], "description": "Warehouse"}


def made(party: Party, **changes: Any) -> dict[str, Any]:
    """An endpoint."""
    answer = party.api.post("/api/webhook-endpoints", {**BODY, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def happen(organisation_id: UUID, *payouts: str) -> None:
    """Payouts are sent to a supplier."""
    facts = [
        Fact(
            organisation_id=organisation_id,
            kind="supplier",
            type="payout.sent",
            subject=f"payout:{payout}",
            data={"payout_id": payout},
        )
        for payout in payouts
    ]
    with db.system_scope(actor="test"), db.transaction() as session:
        record(session, facts)


def stream(party: Party, **query: Any) -> list[str]:
    """The payouts of a stream, page by page."""
    found, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = party.api.get("/api/events", type="payout.sent", **query, **more).json
        found += [one["data"]["payout_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_an_endpoint_is_made_changed_and_removed(market: Market) -> None:
    endpoint = made(market.supplier)
    path = f"/api/webhook-endpoints/{endpoint['id']}"
    assert endpoint["secret"].startswith("whsec_")
    assert (endpoint["url"], endpoint["events"], endpoint["state"]) == (URL, ["payout.sent"], "ACTIVE")

    changed = market.supplier.api.call("PATCH", path, json={"events": ["feed_run.held", "payout.sent"]}).json
    assert (changed["events"], changed["url"], changed["description"]) == (
        ["feed_run.held", "payout.sent"],
        URL,
        "Warehouse",
    )
    assert market.supplier.api.call("PATCH", path, json={"state": "PAUSED"}).json["state"] == "PAUSED"
    assert market.supplier.api.call("PATCH", path, json={"state": "ACTIVE"}).json["state"] == "ACTIVE"
    assert [one["id"] for one in market.supplier.api.get("/api/webhook-endpoints").json["items"]] == [endpoint["id"]]
    assert market.supplier.api.call("DELETE", path).status_code == 204
    assert market.supplier.api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "ftp://hooks.example/"}, "url"),
        ({"url": "https://user:secret@hooks.example/"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["order.created"]}, "events"),
        ({"events": ["endpoint.test"]}, "events"),
        ({"description": "x" * 201}, "description"),
    ],
)
def test_what_can_not_be_an_endpoint_is_refused(market: Market, changes: dict[str, Any], field: str) -> None:
    """A supplier is told nothing of retailers' orders."""
    answer = market.supplier.api.post("/api/webhook-endpoints", {**BODY, **changes})

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_a_secret_is_shown_once_and_stored_nowhere_in_the_clear(market: Market, database_url: str) -> None:
    first = market.supplier.api.post("/api/webhook-endpoints", BODY, Idempotency_Key="one")
    again = market.supplier.api.post("/api/webhook-endpoints", BODY, Idempotency_Key="one")
    rotated = market.supplier.api.post(f"/api/webhook-endpoints/{first.json['id']}/rotate", {}, Idempotency_Key="two")
    path = f"/api/webhook-endpoints/{first.json['id']}"
    secrets = [first.json["secret"], rotated.json["secret"]]

    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.json["id"], again.json["secret"]) == (first.json["id"], None)
    assert len(set(secrets)) == 2
    assert "secret" not in market.supplier.api.get(path).json
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"select count(*) from {table} as row where row::text ~ %s", ("whsec_",))
            assert cursor.fetchone() == (0,), table
            for secret in secrets:
                cursor.execute(
                    f"select count(*) from {table} as row where position(%s in row::text) > 0", (secret.encode().hex(),)
                )
                assert cursor.fetchone() == (0,), table
    connection.close()


def test_what_is_anothers_is_not_there(market: Market) -> None:
    endpoint = made(market.supplier)
    path = f"/api/webhook-endpoints/{endpoint['id']}"
    delivery = market.supplier.api.post(f"{path}/test", {}).json["id"]
    for stranger in (market.other_supplier, market.retailer):
        for method, where, body in (
            ("GET", path, None),
            ("PATCH", path, {"state": "PAUSED"}),
            ("DELETE", path, None),
            ("POST", f"{path}/rotate", {}),
            ("POST", f"{path}/test", {}),
            ("GET", f"{path}/deliveries", None),
            ("POST", f"{path}/redeliver", {"since": "2026-01-01T00:00:00Z"}),
            ("POST", f"{path}/deliveries/{delivery}/redeliver", {}),
        ):
            assert stranger.api.call(method, where, json=body).status_code == 404, where
        assert stranger.api.get("/api/webhook-endpoints").json["items"] == []
    unknown = market.supplier.api.post(f"{path}/deliveries/{uuid4()}/redeliver", {})
    assert unknown.status_code == 404
    assert market.supplier.api.get(path).json["state"] == "ACTIVE"


def test_each_call_needs_its_scope(market: Market) -> None:
    endpoint = made(market.supplier)
    path = f"/api/webhook-endpoints/{endpoint['id']}"
    reader = market.key(market.supplier, "read:webhooks")
    writer = market.key(market.supplier, "write:webhooks")

    assert reader.get(path).status_code == 200
    assert reader.post(f"{path}/rotate", {}).status_code == 403
    assert reader.post("/api/webhook-endpoints", BODY).status_code == 403
    assert reader.get("/api/events").status_code == 403
    assert writer.get(path).status_code == 403
    assert writer.post(f"{path}/test", {}).status_code == 202
    assert market.admin.api.get("/api/events").status_code == 403
    assert "read:events" not in SCOPES_OF_KIND["platform"]


def test_there_is_a_most_of_endpoints(market: Market) -> None:
    for _ in range(MOST_ENDPOINTS):
        made(market.supplier)
    refused = market.supplier.api.post("/api/webhook-endpoints", BODY)

    assert (refused.status_code, refused.json["code"]) == (409, "too_many_endpoints")
    made(market.other_supplier)


def test_a_stream_is_read_in_its_order_from_where_one_stopped(market: Market) -> None:
    happen(market.supplier.id, *(f"p{number}" for number in range(7)))
    happen(market.other_supplier.id, "not ours")

    assert stream(market.supplier, limit=3) == [f"p{number}" for number in range(7)]
    assert stream(market.other_supplier) == ["not ours"]
    items = market.supplier.api.get("/api/events", type="payout.sent").json["items"]
    assert stream(market.supplier, after=items[4]["id"]) == ["p5", "p6"]
    sequences = [one["sequence"] for one in items]
    assert sequences == list(range(sequences[0], sequences[0] + 7))
    assert stream(market.supplier, after=items[-1]["id"]) == []
    happen(market.supplier.id, "p7")
    assert stream(market.supplier, after=items[-1]["id"]) == ["p7"]

    foreign = market.other_supplier.api.get("/api/events", after=items[0]["id"])
    assert (foreign.status_code, foreign.json["errors"][0]["code"]) == (422, "unknown_event")
    unknown = market.supplier.api.get("/api/events", type="no.such")
    assert (unknown.status_code, unknown.json["errors"][0]["code"]) == (422, "unknown_event")


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(min_value=1, max_value=4), min_size=2, max_size=8))
def test_who_reads_while_others_write_skips_nothing(market: Market, sizes: list[int]) -> None:
    """Positions are given in the order of the commits, however many write at once."""
    before = stream(market.supplier)
    names = [[f"{uuid4()}" for _ in range(size)] for size in sizes]
    seen: list[str] = []
    last: str | None = None
    with ThreadPoolExecutor(len(names)) as pool:
        writers = [pool.submit(happen, market.supplier.id, *some) for some in names]
        while True:
            finished = all(writer.done() for writer in writers)
            more = {"after": last} if last else {}
            items = market.supplier.api.get("/api/events", type="payout.sent", limit=200, **more).json["items"]
            seen += [one["data"]["payout_id"] for one in items]
            last = items[-1]["id"] if items else last
            if finished and not items:
                break
    for writer in writers:
        writer.result()

    assert sorted(seen) == sorted([*before, *(name for some in names for name in some)])
    assert len(seen) == len(set(seen))
