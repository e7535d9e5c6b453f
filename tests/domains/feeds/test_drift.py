"""What people confirmed of columns holds for later files; a header that has changed is asked about, never guessed."""

from __future__ import annotations

import os
import random
from pathlib import Path
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from app.feeds.rules.drift import drift, fitted, header_hash
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import COLUMNS, LAMPS, FileServers, Portal, file_servers, list_of, portal
from tests.processes import Processes, wait_for
from tests.web.browsing import text_of

__all__ = ["file_servers", "portal", "set_up"]
KNOWN = ["SKU", "Name", "Cost", "Stock"]
MAPPING = {"SKU": "sku", "Name": "title", "Cost": "cost", "Stock": "stock"}


def test_order_letter_case_and_spaces_are_no_change() -> None:
    columns = ["STOCK", "cost ", "sku", "name"]
    assert drift(KNOWN, MAPPING, columns, {}) is None
    assert header_hash(columns) == header_hash(KNOWN)
    assert fitted(MAPPING, KNOWN, columns) == {"STOCK": "stock", "cost ": "cost", "sku": "sku", "name": "title"}


@pytest.mark.parametrize(
    ("columns", "missing", "added", "renamed"),
    [
        (["SKU", "Name", "Cost"], ["Stock"], [], []),
        (["SKU", "Name", "Cost", "Stock", "Colour"], [], ["Colour"], []),
        (["SKU", "Name", "Cost", "Stocks"], [], [], [("Stock", "Stocks")]),
        (["SKU", "Name", "Cost", "Available"], [], [], [("Stock", "Available")]),
        (["SKU", "Name", "Cost", "Zzz"], ["Stock"], ["Zzz"], []),
        ([], KNOWN, [], []),
    ],
)
def test_what_is_gone_new_or_renamed_is_told_apart(
    columns: list[str], missing: list[str], added: list[str], renamed: list[tuple[str, str]]
) -> None:
    found = drift(KNOWN, MAPPING, columns, {"Available": "stock", "Colour": "option1_value"})
    assert found is not None
    assert (list(found.missing), list(found.added)) == (missing, added)
    assert [(one.old, one.new) for one in found.renamed] == renamed


def test_two_columns_of_one_name_are_told_apart_as_they_are_written() -> None:
    assert drift(["Price", "price"], {"Price": "cost", "price": "msrp"}, ["price", "Price"], {}) is None
    assert fitted({"Price": "cost"}, ["Price", "price"], ["price", "Price"]) == {"Price": "cost"}


NAMES = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8, unique=True)


@given(NAMES, NAMES, st.randoms())
def test_a_proposal_never_uses_a_field_twice_and_keeps_what_is_still_there(
    known: list[str], columns: list[str], chance: random.Random
) -> None:
    fields = ["sku", "title", "cost", "stock", "gtin", "brand", "msrp", "map"]
    mapping = {column: field for column, field in zip(known, fields, strict=False) if chance.random() < 0.8}
    guessed = {column: chance.choice(fields) for column in columns if chance.random() < 0.5}
    found = drift(known, mapping, columns, guessed)
    if found is None:
        assert header_hash(known) == header_hash(columns)
        assert sorted(fitted(mapping, known, columns).values()) == sorted(mapping.values())
        return
    assert set(found.proposed) <= set(columns)
    assert len(set(found.proposed.values())) == len(found.proposed)
    kept = fitted(mapping, known, columns)
    assert {column: found.proposed[column] for column in kept} == kept
    assert header_hash(known) != header_hash(columns)


def test_a_renamed_column_waits_for_a_person_and_makes_the_next_version(
    portal: Portal, file_servers: FileServers
) -> None:
    path = f"{uuid4().hex}/stock.csv"
    file_servers.put(path, LAMPS)
    source = portal.confirmed_feed(address=file_servers.web(path))
    header = "Artikelnummer,Bezeichnung,EK netto,Bestände,Neu"
    file_servers.put(path, list_of("L-1,Desk lamp,12.50,1,x", columns=header))

    portal.due(source)

    run = portal.runs()[-1]
    assert run["state"] == "NEEDS_MAPPING"
    assert portal.stock() == {"L-1": 5, "L-2": 7}, "nothing is guessed meanwhile"
    assert portal.notices() == [("feed_mapping", "The columns of “Stock” have changed")]
    page = text_of(portal.browser.get(f"/supplier/uploads/{run['id']}/columns"))
    assert "“Bestand” is gone; “Bestände” may be its new name" in page
    assert "“Neu” is new" in page
    assert portal.choices(run)["Bestände"] == "stock"
    assert portal.choices(run)["Neu"] == ""

    portal.confirm(run)
    assert portal.stock()["L-1"] == 1
    versions = portal.rows("select version, mapping from feed_mappings order by version")
    assert [row["version"] for row in versions] == [1, 2]
    assert versions[0]["mapping"]["Bestand"] == versions[1]["mapping"]["Bestände"] == "stock"
    file_servers.put(path, list_of("L-1,Desk lamp,12.50,8,y", columns=header))
    portal.due(source)
    assert portal.stock()["L-1"] == 8, "and that header is known from then on"
    assert "Version 2" in portal.page(source)


def test_a_lost_column_is_not_taken_for_nothing_in_stock(portal: Portal, file_servers: FileServers) -> None:
    path = f"{uuid4().hex}/stock.csv"
    file_servers.put(path, LAMPS)
    source = portal.confirmed_feed(address=file_servers.web(path))
    file_servers.put(path, list_of("L-1,Desk lamp,12.50", columns="Artikelnummer,Bezeichnung,EK netto"))

    portal.due(source)

    assert portal.stock() == {"L-1": 5, "L-2": 7}
    assert "“Bestand” is gone" in text_of(portal.browser.get(f"/supplier/uploads/{portal.runs()[-1]['id']}/columns"))


def test_the_preview_follows_the_choices_and_a_bad_choice_is_not_saved(
    portal: Portal, file_servers: FileServers
) -> None:
    path = f"{uuid4().hex}/stock.csv"
    file_servers.put(path, LAMPS)
    portal.add(address=file_servers.web(path))
    portal.look()
    (run,) = portal.runs()
    address = f"/supplier/uploads/{run['id']}/columns"
    assert "$12.50" in text_of(portal.browser.get(address))
    token = str(portal.browser.form(address, "/columns").select_one("[name=csrf_token]")["value"])  # type: ignore[index]
    names = COLUMNS.split(",")

    def choice(**fields: str) -> dict[str, str]:
        chosen = {"Artikelnummer": "sku", "Bezeichnung": "title", "EK_netto": "cost", "Bestand": "stock", **fields}
        by_name = {name.replace("_", " "): field for name, field in chosen.items()}
        return {"csrf_token": token, **{f"column-{names.index(name)}": field for name, field in by_name.items()}}

    part = portal.browser.post(f"{address}/preview", choice(Bestand=""))
    assert "not told" in text_of(part)
    assert "<html" not in part.text
    assert "no wholesale price" in text_of(portal.browser.post(f"{address}/preview", choice(EK_netto="brand")))
    assert "no wholesale price" in text_of(portal.browser.post(address, {**choice(EK_netto="brand"), "look": "1"}))
    for wrong, words in (
        (choice(Bestand="cost"), "'EK netto' and 'Bestand' can't both hold: Wholesale price"),
        (choice(Artikelnummer="", Bezeichnung=""), "Choose the column with the title or the SKU"),
        (choice(Bestand="nonsense"), "There is no field"),
    ):
        answer = portal.browser.post(address, wrong)
        assert answer.status_code == 422
        assert words in text_of(answer)
    assert portal.runs()[0]["state"] == "NEEDS_MAPPING"
    assert portal.rows("select * from feed_mappings") == []


def test_an_upload_with_a_header_that_was_corrected_before_is_read_as_corrected(portal: Portal) -> None:
    def upload(content: bytes) -> str:
        answer = portal.api.call("POST", "/api/supplier/uploads?file_name=a.csv", data=content, content_type="text/csv")
        assert answer.status_code == 202, answer.text
        portal.jobs.drain()
        return str(answer.json["id"])

    columns = "Artikelnummer,Bezeichnung,EK netto,Zahl"
    first = upload(list_of("L-1,Desk lamp,12.50,5", columns=columns))
    (run,) = portal.runs()
    assert (run["state"], run["mapping"].get("Zahl")) == ("READY", None)
    portal.confirm(run, Zahl="stock")
    upload(list_of("L-2,Floor lamp,30.00,7", columns="Zahl,Bezeichnung,EK netto,Artikelnummer".replace("Z", "z")))
    assert portal.runs()[-1]["mapping"].get("zahl") == "stock"
    upload(list_of("L-3,Chair,30.00,7", columns="Artikelnummer,Bezeichnung,EK netto,Anzahl B"))
    assert "stock" not in portal.runs()[-1]["mapping"].values(), "another header is looked at by itself"
    assert portal.rows("select id from feed_runs where id = '" + first + "'")


@pytest.mark.stack
@pytest.mark.timeout(180)
def test_a_worker_killed_between_fetching_and_writing_down_makes_one_run(
    portal: Portal, file_servers: FileServers, engine: None, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    path = f"{uuid4().hex}/stock.csv"
    file_servers.put(path, LAMPS)
    source = portal.add(address=file_servers.web(path))
    settings = {name: value for name, value in os.environ.items() if name.startswith("CROSSDOCK_")}
    processes = Processes({**settings, "DATABASE_URL": database_url, "REDIS_URL": redis_url}, tmp_path)
    try:
        processes.start("relay")
        processes.start("worker-bulk", crash_at="feed.fetched")
        portal.rows("update feed_sources set next_run_at = now() - interval '1 second' returning id")
        portal.act(source, "fetch")
        processes.wait_until_dead("worker-bulk")
        assert portal.runs() == []
        portal.rows("update tasks set lease_until = now() - interval '1 second' where state = 2 returning id")
        processes.start("worker-bulk")
        wait_for(lambda: [run["state"] for run in portal.runs()] == ["NEEDS_MAPPING"], "the file is taken")
    finally:
        processes.stop()
    assert portal.outcomes(source) == ["taken"]
    assert file_servers.asked(path) == [200, 200]


def test_words_for_stock_are_asked_about_and_unknown_is_never_none(portal: Portal, file_servers: FileServers) -> None:
    path = f"{uuid4().hex}/stock.csv"
    said = ("auf Lager", "Ausverkauft", "5+", "wenig")
    rows = [f"L-{number},Lamp {number},5.00,{word},{number + 1}" for number, word in enumerate(said, start=1)]
    header = "Artikelnummer,Bezeichnung,EK netto,Bestand,Gewicht"
    file_servers.put(path, list_of(*rows, columns=header))
    source = portal.add(address=file_servers.web(path))
    portal.look()
    (run,) = portal.runs()
    address = f"/supplier/uploads/{run['id']}/columns"
    form = portal.browser.get(address)
    assert "Your stock column holds words" in text_of(form)
    page = BeautifulSoup(form.text, "html.parser")
    assert [one["value"] for one in page.select("[name=word]")] == ["auf Lager", "wenig"], "the others are certain"
    values = {f"column-{index}": field for index, field in enumerate(["sku", "title", "cost", "stock", "weight"])}
    token = str(page.select_one("[name=csrf_token]")["value"])  # type: ignore[index]
    sent = {"csrf_token": token, **values, "weight_unit": "kg", "word": ["auf Lager", "wenig"]}

    assert portal.browser.post(address, {**sent, "units": ["many", ""]}).status_code == 422
    assert portal.browser.post(address, {**sent, "units": ["25", ""], "weight_unit": "stone"}).status_code == 422
    assert portal.browser.post(address, {**sent, "units": ["25", ""]}).status_code == 303
    portal.jobs.drain()

    assert portal.stock() == {"L-1": 25, "L-2": 0, "L-3": 5}, "the word that nobody explained is left out"
    weights = portal.rows("select weight_grams from supplier_variants order by sku")
    assert [row["weight_grams"] for row in weights] == [2000, 3000, 4000, 5000], "but its product is taken over"
    file_servers.put(path, list_of("L-1,Lamp,5.00,AUF LAGER,2", "L-2,Lamp 2,5.00,auf lager,3", columns=header))
    portal.due(source)
    assert portal.stock()["L-2"] == 25, "what was said holds for later files"
    file_servers.put(path, list_of("L-1,Lamp,5.00,auf Lager,2", columns=header.replace("Bestand", "Bestände")))
    portal.due(source)
    shown = portal.browser.get(f"/supplier/uploads/{portal.runs()[-1]['id']}/columns")
    page = BeautifulSoup(shown.text, "html.parser")
    assert [one["value"] for one in page.select("[name=units]")] == ["25"], "and is proposed when columns change"


def test_a_file_whose_columns_nobody_recognises_can_still_be_explained(portal: Portal) -> None:
    content = list_of("L-1,Desk lamp,12.50,5", columns="A1,B2,C3,D4")
    feed = portal.add("push")
    portal.api.call("POST", f"/api/supplier/feeds/{feed}/push", data=content, content_type="text/csv")
    portal.jobs.drain()
    (run,) = portal.runs()
    assert run["state"] == "FAILED"
    portal.confirm(run, A1="sku", B2="title", C3="cost", D4="stock")
    assert portal.stock() == {"L-1": 5}
