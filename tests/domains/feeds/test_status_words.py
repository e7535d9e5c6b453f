"""What a file says is off is never offered."""

from __future__ import annotations

import pytest

from tests.domains.feeds.files import read_file


def state(said: str, header: str = "status") -> tuple[str, list[str]]:
    (row,) = read_file(f"sku;title;cost;stock;{header}\nA1;Lamp;12.50;5;{said}\n".encode())
    return row.record["status"], [problem.code for problem in row.problems]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((word, "draft") for word in (
            "Disabled", "hidden", "Inaktiv", "no", "0", "-1", "FALSE", "off", "nicht sichtbar", "gesperrt", "désactivé",
            "Masqué", "oculto", "inattivo", "Nascosto", "não", "inactief", "ukryty", "nieaktywny", "skrytý", "rejtett",
            "ascuns", "скрыт", "неактивен", "приховано", "pasif", "κρυφό", "skjult", "piilotettu", "draft", "2",
        )),
        *((word, "ended") for word in (
            "deleted", "EOL", "discontinued", "gelöscht", "Auslaufartikel", "fin de série", "descatalogado",
            "fuori produzione", "verwijderd", "wycofany", "ukončeno", "kifutott", "снят с производства", "utgått",
        )),
        *((word, "active") for word in (
            "", "active", "Enabled", "1", "yes", "TRUE", "aktiv", "freigegeben", "publié", "activo", "attivo", "ativo",
            "zichtbaar", "aktywny", "aktivní", "aktív", "activ", "включен", "активний", "aktif", "ενεργό", "in stock",
            "Auf Lager", "sold out", "n/a",
        )),
    ],
)  # fmt: skip
def test_words_for_a_products_state_are_known_in_many_languages(word: str, status: str) -> None:
    assert state(word) == (status, [])


def test_a_state_that_nobody_knows_is_a_draft_with_a_warning() -> None:
    assert state("Zwischenlager B") == ("draft", ["unknown_status"])


def test_magentos_disabled_products_are_drafts() -> None:
    content = (
        "sku,store_view_code,attribute_set_code,product_type,name,price,product_online,qty\n"
        "A1,,Default,simple,Lamp,12.50,1,5\nA2,,Default,simple,Cable,3.20,2,7\n"
    )
    assert [row.record["status"] for row in read_file(content.encode())] == ["active", "draft"]


@pytest.mark.parametrize(
    ("columns", "cells", "status"),
    [
        ("Published", "FALSE", "draft"),
        ("Published", "TRUE", "active"),
        ("Published,Status", "FALSE,active", "active"),
        ("Published,Status", "TRUE,draft", "draft"),
    ],
)
def test_shopifys_published_counts_where_there_is_no_status(columns: str, cells: str, status: str) -> None:
    content = f"Handle,Title,Variant SKU,Variant Price,{columns}\nlamp,Lamp,L1,12.50,{cells}\n"
    (row,) = read_file(content.encode())
    assert row.record["status"] == status
