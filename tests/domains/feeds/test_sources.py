"""Files that come by themselves: fetched on a schedule or pushed, taken once, and their trouble told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from io import StringIO
from uuid import uuid4

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import db
from app.config import settings
from app.feeds.events import FeedApplyWanted, FeedUploaded
from app.feeds.models import FeedSource
from app.feeds.rules.schedule import next_run, next_try
from app.feeds.service import SourceSpec, add_source, put_due_to_work
from app.kit import clock
from app.outbox.models import OutboxEvent
from app.outbox.service import emit
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import COLUMNS, LAMPS, FileServers, Portal, file_servers, list_of, portal
from tests.web.browsing import Browser, text_of

__all__ = ["file_servers", "portal", "set_up"]
EVENTS = {"uploaded": FeedUploaded, "apply_wanted": FeedApplyWanted}


@pytest.fixture
def path() -> Iterator[str]:
    """A path on the servers that nothing else uses."""
    yield f"{uuid4().hex}/stock.csv"


def test_a_file_is_asked_about_once_and_then_taken_over_by_itself(
    portal: Portal, file_servers: FileServers, path: str
) -> None:
    file_servers.put(path, LAMPS)
    source = portal.add(address=file_servers.web(path))
    assert "Not looked at yet" in portal.page(source)
    portal.look()
    (run,) = portal.runs()
    assert run["state"] == "NEEDS_MAPPING"
    assert portal.stock() == {}
    assert "Columns to confirm" in portal.page(source)
    assert portal.notices() == [("feed_mapping", "Confirm the columns of “Stock”")]
    assert portal.choices(run) == {
        "Artikelnummer": "sku", "Bezeichnung": "title", "EK netto": "cost", "Bestand": "stock",
    }  # fmt: skip

    portal.confirm(run)
    assert portal.stock() == {"L-1": 5, "L-2": 7}
    assert portal.notices() == []
    assert "Works" in portal.page(source)

    portal.due(source)
    assert portal.outcomes(source) == ["taken", "unchanged"]
    file_servers.put(path, list_of("L-1,Desk lamp,12.50,0", "L-2,Floor lamp,30.00,7"))
    portal.due(source)
    assert portal.stock() == {"L-1": 0, "L-2": 7}
    assert file_servers.asked(path) == [200, 304, 200], "what has not changed is not sent again"
    assert [run["state"] for run in portal.runs()] == ["APPLIED", "APPLIED"]
    assert portal.rows("select version from feed_mappings") == [{"version": 1}]
    assert portal.letters() == ["feed_mapping"]
    assert portal.jobs.open_tasks() == []


def test_a_server_that_knows_no_etags_brings_the_same_file_and_nothing_is_done(
    portal: Portal, file_servers: FileServers, path: str
) -> None:
    file_servers.put(path, LAMPS, etag="no")
    source = portal.confirmed_feed(address=file_servers.web(path))
    file_servers.put(path, LAMPS, etag="no")

    portal.due(source)

    assert file_servers.asked(path) == [200, 200]
    assert portal.outcomes(source) == ["taken", "unchanged"]
    assert len(portal.runs()) == 1
    (kept,) = portal.rows("select file_key from feed_runs")
    from app.feeds.files import storage

    assert storage().open(kept["file_key"]).read() == LAMPS


def test_fetch_now_takes_even_a_file_that_is_known(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    source = portal.confirmed_feed(address=file_servers.web(path))

    portal.act(source, "fetch")
    portal.jobs.drain()

    assert portal.outcomes(source) == ["taken", "taken"]
    assert [run["state"] for run in portal.runs()] == ["APPLIED", "APPLIED"]


def test_signing_in_by_password_and_by_token(
    portal: Portal, file_servers: FileServers, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file_servers.put(path, LAMPS, basic="shop:pass-Zw4!")
    file_servers.put(f"{path}.token", LAMPS, token="X-Api-Key:token-Qk7")
    wrong = portal.add(address=file_servers.web(path), scheme="basic", user="shop", secret="guess-11")
    portal.look()
    assert "Brings no file" in portal.page(wrong)
    assert "refuses the sign-in" in portal.page(wrong)
    assert portal.notices() == [("feed_failing", "“Stock” brings no files")], "told at once: no waiting mends it"
    portal.due(wrong)
    portal.due(wrong)
    assert portal.letters() == ["feed_failing"], "and told once"
    assert portal.source(wrong)["failures"] == 3

    answer = portal.browser.submit(f"/supplier/feeds/{wrong}/edit", "/edit", secret="pass-Zw4!")
    assert answer.status_code == 303
    portal.look()
    assert portal.outcomes(wrong)[-1] == "taken"
    assert portal.notices()[0][0] == "feed_mapping"
    token = portal.add(address=file_servers.web(f"{path}.token"), scheme="header", user="X-Api-Key", secret="token-Qk7")
    portal.look()
    assert portal.outcomes(token) == ["taken"]

    told = capsys.readouterr()
    shown = (
        portal.browser.get(f"/supplier/feeds/{wrong}/edit").text + portal.browser.get(f"/supplier/feeds/{token}").text
    )
    stored = str(portal.rows("select * from feed_sources")) + str(portal.rows("select * from outbox_events"))
    for secret in ("pass-Zw4!", "guess-11", "token-Qk7", "c2hvcDpwYXNzLVp3NCE="):
        assert secret not in told.out + told.err + shown + stored


def test_a_password_is_never_sent_to_an_address_that_it_was_not_given_for(
    portal: Portal, file_servers: FileServers, path: str
) -> None:
    file_servers.put(path, LAMPS, basic="shop:pass")
    source = portal.add(address=file_servers.web(path), scheme="basic", user="shop", secret="pass")

    moved = portal.browser.submit(f"/supplier/feeds/{source}/edit", "/edit", address=file_servers.web("elsewhere.csv"))

    assert moved.status_code == 422
    assert "give the password or token again" in text_of(moved)
    assert portal.source(source)["address"] == file_servers.web(path)
    assert portal.browser.submit(f"/supplier/feeds/{source}/edit", "/edit", name="Warehouse").status_code == 303
    portal.look()
    assert portal.outcomes(source) == ["taken"], "another name keeps the password"


def test_trouble_is_told_after_three_failures_tried_ever_later_and_taken_back_when_it_is_over(
    portal: Portal, file_servers: FileServers, path: str
) -> None:
    source = portal.add(address=file_servers.web(path))
    waits = []
    for failures in range(1, 5):
        portal.due(source)
        row = portal.source(source)
        assert row["failures"] == failures
        waits.append((row["next_run_at"] - row["fetched_at"]).total_seconds() / 60)
        assert bool(portal.notices()) == (failures >= 3)
    assert waits == sorted(waits)
    assert waits[0] < 6 < waits[-1]
    assert portal.letters() == ["feed_failing"]
    assert "The host answered 404" in portal.page(source)
    assert "brings no files" in text_of(portal.browser.get("/supplier/"))

    file_servers.put(path, LAMPS)
    portal.due(source)
    assert [kind for kind, _title in portal.notices()] == ["feed_mapping"]
    assert portal.source(source)["failures"] == 0


@pytest.mark.parametrize(
    ("content", "how", "words"),
    [
        (b"x" * 200_001, {}, "larger than 200000 bytes"),
        (b"", {}, "The file is empty"),
        (LAMPS, {"status": "503"}, "can't be fetched"),
        (LAMPS, {"status": "429"}, "visited less often"),
    ],
)
def test_what_can_not_be_taken_says_why(
    portal: Portal, file_servers: FileServers, path: str, content: bytes, how: dict[str, str], words: str
) -> None:
    file_servers.put(path, content, **how)
    source = portal.add(address=file_servers.web(path))

    portal.look()

    assert words in portal.page(source)
    assert portal.runs() == []
    assert portal.jobs.open_tasks() == [], "the schedule tries again, not the queue"


def test_addresses_behind_our_own_walls_are_refused_and_nothing_is_said_of_them(portal: Portal) -> None:
    source = portal.add(address="https://169.254.169.254/latest/meta-data/")
    portal.look()
    assert "The host is not on the public internet" in portal.page(source)
    assert portal.notices()[0][0] == "feed_failing"
    for address in (
        "ftp://files.example/x",
        "https://user:secret@files.example/x",
        "nonsense",
        "sftp://files.example/x",
    ):
        answer = portal.browser.submit("/supplier/feeds/new?kind=https", "/feeds/new", name="A", address=address)
        assert answer.status_code == 422, address


def test_the_newest_file_of_a_pattern_comes_by_sftp_and_the_servers_key_is_remembered(
    portal: Portal, file_servers: FileServers
) -> None:
    folder = uuid4().hex
    file_servers.user("lamps", password="night")
    file_servers.put(f"{folder}/stock-1.csv", list_of("L-1,Desk lamp,12.50,1"))
    file_servers.put(f"{folder}/stock-2.csv", LAMPS)
    file_servers.put(f"{folder}/stock-3.csv.part", b"half")
    file_servers.put(f"{folder}/prices.csv", b"other")
    source = portal.confirmed_feed(
        kind="sftp", address=file_servers.sftp(f"{folder}/stock-*.csv"), scheme="password", user="lamps", secret="night"
    )
    assert portal.runs()[-1]["file_name"] == "stock-2.csv"
    assert portal.stock() == {"L-1": 5, "L-2": 7}
    assert "SHA256:" in portal.page(source)
    portal.due(source)
    assert portal.outcomes(source) == ["taken", "unchanged"]
    assert file_servers.asked(f"{folder}/stock-2.csv") == [200], "the same file is not read again"

    file_servers.new_host_key()
    file_servers.put(f"{folder}/stock-4.csv", list_of("L-1,Desk lamp,12.50,9"))
    portal.due(source)
    assert "shows another key than before" in portal.page(source)
    assert portal.stock()["L-1"] == 5
    assert portal.notices()[0][0] == "feed_failing"

    portal.act(source, "forget-key")
    portal.look()
    assert portal.stock()["L-1"] == 9
    assert portal.notices() == []


def test_sftp_by_key_and_its_refusals(portal: Portal, file_servers: FileServers) -> None:
    folder, text = uuid4().hex, StringIO()
    key = paramiko.ECDSAKey.generate()
    key.write_private_key(text)
    file_servers.user("keyed", key=key.get_base64())
    file_servers.put(f"{folder}/a.csv", LAMPS)
    values = {"kind": "sftp", "user": "keyed"}
    good = portal.add(**values, address=file_servers.sftp(f"{folder}/a.csv"), scheme="key", private_key=text.getvalue())
    no_key = portal.add(**values, address=file_servers.sftp(f"{folder}/a.csv"), scheme="key", private_key="not a key")
    no_password = portal.add(**values, address=file_servers.sftp(f"{folder}/a.csv"), scheme="password", secret="wrong")
    portal.look()
    no_file = portal.add(
        **values, address=file_servers.sftp(f"{folder}/b*.csv"), scheme="key", private_key=text.getvalue()
    )
    portal.look()

    assert portal.outcomes(good) == ["taken"]
    assert "private key can't be read" in portal.page(no_key)
    assert "refuses the sign-in" in portal.page(no_password)
    assert "No file in" in portal.page(no_file)
    assert text.getvalue().splitlines()[1] not in str(portal.rows("select * from feed_sources"))


def test_a_test_shows_the_first_rows_and_takes_nothing(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    source = portal.add(address=file_servers.web(path))

    portal.act(source, "test")

    assert "Floor lamp" in portal.page(source)
    assert "CSV" in portal.page(source)
    assert portal.runs() == []
    portal.look()
    assert len(portal.runs()) == 1, "the first look takes the file all the same"
    broken = portal.add(address=file_servers.web("nowhere.csv"))
    portal.act(broken, "test")
    assert "The host answered 404" in portal.page(broken)
    assert portal.source(broken)["failures"] == 0


def test_pausing_and_removing_end_the_looks(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    source = portal.add(address=file_servers.web(path), scheme="basic", user="a", secret="b")
    portal.act(source, "pause", paused="1")
    portal.look()
    assert file_servers.asked(path) == []
    assert "Paused" in portal.page(source)
    portal.act(source, "pause", paused="0")
    portal.look()
    assert file_servers.asked(path) == [200]

    again = portal.browser.submit("/supplier/feeds/new?kind=push", "/feeds/new", name=" stock")
    assert (again.status_code, "Another feed has this name." in text_of(again)) == (422, True)
    portal.act(source, "remove")
    portal.look()
    assert portal.add("push", name="stock") != source, "the name is free again"
    assert portal.browser.get(f"/supplier/feeds/{source}").status_code == 404
    assert portal.source(source)["access"] is None
    assert len(portal.runs()) == 1, "what it brought stays"


def test_a_newer_file_overtakes_one_that_waits(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    source = portal.add(address=file_servers.web(path))
    portal.look()
    file_servers.put(path, list_of("L-1,Desk lamp,12.50,3"))
    portal.due(source)

    assert [run["state"] for run in portal.runs()] == ["DISCARDED", "NEEDS_MAPPING"]
    assert len(portal.notices()) == 1
    assert portal.letters() == ["feed_mapping"], "the same question is not mailed twice"
    portal.confirm(portal.runs()[-1])
    assert portal.stock() == {"L-1": 3}


def test_another_suppliers_feed_is_not_there(portal: Portal, file_servers: FileServers, path: str) -> None:
    source = portal.add(address=file_servers.web(path))
    with db.system_scope(actor="test"), db.transaction() as session:
        other = factories.supplier(session, "Kanto")
        email = factories.member(session, other, "supplier_owner").email
    stranger = Browser(portal.app)
    stranger.sign_in(email)
    token = str(stranger.form("/supplier/feeds/new", "/feeds/new").select_one("[name=csrf_token]")["value"])  # type: ignore[index]

    for page in ("", "/edit"):
        assert stranger.get(f"/supplier/feeds/{source}{page}").status_code == 404
    for action in ("edit", "pause", "remove", "forget-key", "fetch", "test"):
        answer = stranger.post(
            f"/supplier/feeds/{source}/{action}", {"csrf_token": token, "name": "x", "content": "full"}
        )
        assert answer.status_code == 404, action
    assert "Stock" not in text_of(stranger.get("/supplier/feeds")).replace("Stock and prices", "")


def test_a_file_is_pushed_with_a_key_and_the_same_one_again_changes_nothing(portal: Portal) -> None:
    feed = portal.add("push")
    address = f"/api/supplier/feeds/{feed}/push?file_name=stock.csv"

    def push(content: bytes) -> tuple[int, str]:
        answer = portal.api.call("POST", address, data=content, content_type="text/csv")
        portal.jobs.drain()
        return answer.status_code, answer.json.get("outcome", answer.json.get("code"))

    assert push(LAMPS) == (202, "taken")
    assert push(LAMPS) == (200, "unchanged")
    portal.confirm(portal.runs()[0])
    assert push(list_of("L-1,Desk lamp,12.50,2")) == (202, "taken")
    assert portal.stock()["L-1"] == 2
    assert len(portal.runs()) == 2
    assert push(b"")[0] == 422
    listed = portal.api.get("/api/supplier/feeds").json["items"]
    assert [(one["id"], one["health"]) for one in listed] == [(feed, "ok")]
    portal.act(feed, "pause", paused="1")
    assert push(LAMPS) == (409, "feed_paused")


def test_only_ones_own_push_feeds_take_files(portal: Portal, file_servers: FileServers, path: str) -> None:
    fetched, pushed = portal.add(address=file_servers.web(path)), portal.add("push")
    with db.system_scope(actor="test"), db.transaction() as session:
        from app.identity.rules import SCOPES_OF_KIND
        from app.identity.service import issue_key
        from tests.market import Api

        other = factories.supplier(session, "Kanto")
        _, secret = issue_key(session, other.id, name="all", scopes=SCOPES_OF_KIND["supplier"])
        _, narrow = issue_key(session, portal.id, name="narrow", scopes=["write:inventory"])

    def push(api: Api, feed: str) -> int:
        return api.call("POST", f"/api/supplier/feeds/{feed}/push", data=LAMPS, content_type="text/csv").status_code

    assert push(portal.api, fetched) == 409
    assert push(Api(portal.app, secret), pushed) == 404
    assert push(Api(portal.app, narrow), pushed) == 403
    assert portal.api.call("POST", f"/api/supplier/feeds/{pushed}/push?key=abc", data=LAMPS).status_code in (202, 415)
    assert Api(portal.app, None).call("POST", f"/api/supplier/feeds/{pushed}/push", data=LAMPS).status_code == 401


def test_one_supplier_with_many_feeds_does_not_keep_the_others_waiting(committed: None, system: None) -> None:
    with db.transaction() as session:
        for name, count in (("Busy", 7), ("Quiet", 1)):
            supplier = factories.supplier(session, name)
            for number in range(count):
                spec = SourceSpec(name=f"Feed {number}", kind="https", address=f"https://f.example/{number}")
                add_source(session, supplier.id, spec)
    with db.transaction() as session:
        assert put_due_to_work(session, clock.now()) == 4
        assert put_due_to_work(session, clock.now()) == 3, "those at work are not due again"
        assert put_due_to_work(session, clock.now()) == 1
        assert put_due_to_work(session, clock.now()) == 0
        told = session.query(OutboxEvent).filter_by(topic="feeds.due").all()
        assert len({event.payload["source_id"] for event in told}) == session.query(FeedSource).count() == 8


@given(st.uuids(), st.integers(min_value=5, max_value=10080), st.integers(min_value=1, max_value=10_000))
def test_looks_keep_their_distance(source: object, minutes: int, failures: int) -> None:
    now = clock.now()
    wait = next_run(source, minutes, now) - now  # type: ignore[arg-type]
    assert timedelta(minutes=minutes * 0.95) <= wait <= timedelta(minutes=minutes * 1.05)
    retry = next_try(source, failures, now) - now  # type: ignore[arg-type]
    assert timedelta(minutes=4) < retry < timedelta(hours=6.5)


def test_what_stands_in_the_header_may_be_in_any_order(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    source = portal.confirmed_feed(address=file_servers.web(path))
    file_servers.put(path, list_of("4,12.50,L-1,Desk lamp", columns="bestand,EK  Netto,ARTIKELNUMMER,Bezeichnung"))

    portal.due(source)

    assert portal.runs()[-1]["state"] == "APPLIED"
    assert portal.stock()["L-1"] == 4
    assert COLUMNS.split(",") == portal.rows("select columns from feed_mappings")[0]["columns"]


def test_a_file_of_stock_and_prices_leaves_all_else_alone(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    portal.confirmed_feed(address=file_servers.web(path), name="Catalogue")
    figures = f"{path}.stock"
    rows = ("L-1;0;13,00;Other words", "L-2;9;;", "L-9;4;5,00;", ";1;;", "L-2;9;;")
    file_servers.put(figures, "\n".join(["Artikelnummer;Bestand;EK netto;Bezeichnung", *rows, ""]).encode())
    portal.add(address=file_servers.web(figures), content="stock_price")
    portal.look()
    portal.confirm(portal.runs()[-1])

    run = portal.runs()[-1]
    assert (run["kind"], run["state"]) == ("stock_price", "APPLIED")
    assert portal.stock() == {"L-1": 0, "L-2": 9}
    variants = portal.rows(
        "select v.sku, v.wholesale_price, p.title from supplier_variants v"
        " join supplier_products p on p.id = v.product_id order by v.sku"
    )
    assert [(row["sku"], row["wholesale_price"], row["title"]) for row in variants] == [
        ("L-1", 1300, "Desk lamp"),
        ("L-2", 3000, "Floor lamp"),
    ]
    rejected = portal.rows(f"select problems from feed_rows where run_id = '{run['id']}' and action = 'rejected'")
    assert sorted(row["problems"][0]["code"] for row in rejected) == ["missing", "unknown_sku"]
    assert run["counts"]["merged"] == 1


def test_a_file_of_stock_needs_its_skus(portal: Portal) -> None:
    feed = portal.add("push", content="stock_price")
    content = list_of("Desk lamp,5", columns="Bezeichnung,Bestand")
    portal.api.call("POST", f"/api/supplier/feeds/{feed}/push", data=content, content_type="text/csv")
    portal.jobs.drain()
    (run,) = portal.runs()
    page = text_of(portal.browser.get(f"/supplier/uploads/{run['id']}/columns"))
    assert "Choose the column with the SKU" in page


def test_an_older_file_never_comes_after_a_newer_one(portal: Portal, file_servers: FileServers, path: str) -> None:
    """However the workers that check and apply them overtake one another."""
    file_servers.put(path, LAMPS)
    source = portal.confirmed_feed(address=file_servers.web(path))
    for cost in ("20.00", "30.00"):
        file_servers.put(path, list_of(f"L-1,Desk lamp,{cost},5"))
        portal.due(source)
    first, older, newer = portal.runs()

    def price() -> int:
        return int(portal.rows("select wholesale_price from supplier_variants where sku = 'L-1'")[0]["wholesale_price"])

    def again(run: dict[str, object], topic: str, state: str) -> None:
        portal.rows(f"update feed_runs set state = '{state}' where id = '{run['id']}' returning id")
        with db.system_scope(actor="test"), db.transaction() as session:
            emit(session, EVENTS[topic](supplier_id=portal.id, run_id=run["id"]))
        portal.jobs.drain()

    assert price() == 3000
    again(older, "uploaded", "CHECKING")
    assert portal.runs()[1]["state"] == "DISCARDED", "checked late, it is left alone"
    assert price() == 3000
    portal.rows(f"update feed_runs set state = 'APPLYING' where id = '{older['id']}' returning id")
    again(newer, "apply_wanted", "APPLYING")
    assert portal.runs()[2]["state"] == "APPLYING", "it waits for the older one"
    assert [job for job, _state, _error in portal.jobs.open_tasks()] == ["apply_feed"]
    portal.rows(f"update feed_runs set state = 'APPLIED' where id = '{older['id']}' returning id")
    portal.jobs.drain(retries=True)
    assert portal.runs()[2]["state"] == "APPLIED"
    assert first["state"] == "APPLIED"


def test_old_runs_are_forgotten_but_for_their_counts(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    source = portal.confirmed_feed(address=file_servers.web(path))
    for stock in (1, 2):
        file_servers.put(path, list_of(f"L-1,Desk lamp,12.50,{stock}"))
        portal.due(source)
    portal.rows("update feed_runs set created_at = created_at - interval '15 days' returning id")
    portal.rows(f"update feed_runs set created_at = now() where id = '{portal.runs()[1]['id']}' returning id")

    key = portal.runs()[0]["file_key"]
    files_of_first = partial((settings().data_dir / "files").glob, f"{key}*")
    assert len(list(files_of_first())) == 2, "the file, and what its lines said"

    portal.jobs.run_scheduled("purge_feeds")

    assert list(files_of_first()) == []
    for table in ("feed_rows", "feed_run_changes"):
        kept = [row["run_id"] for row in portal.rows(f"select distinct run_id from {table} order by run_id")]
        assert kept == [run["id"] for run in portal.runs()[1:]], f"{table}: the recent ones, and the newest"
    first = portal.runs()[0]
    assert (first["file_key"], first["counts"]["rows"]) == ("", 2)
    assert portal.browser.get(f"/supplier/uploads/{first['id']}").status_code == 200


def test_a_supplier_that_was_turned_away_is_not_visited(portal: Portal, file_servers: FileServers, path: str) -> None:
    file_servers.put(path, LAMPS)
    portal.add(address=file_servers.web(path))
    portal.rows(f"update suppliers set status = 'TERMINATED' where id = '{portal.id}' returning id")

    portal.look()

    assert file_servers.asked(path) == []
