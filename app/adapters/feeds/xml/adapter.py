"""XML as rows: two passes over the file, one to learn how it is built, one to read it."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, BinaryIO

from app.adapters.feeds.xml.records import Build, records, survey
from app.feeds.feed import Limits, Table, UnreadableFile, bounded
from app.feeds.rules.header import plain_number
from app.feeds.rules.nested import Node, learn

#: Products from which the columns are learned.
_LEARNED_FROM = 1000
#: What BMEcat (1.2 and 2005) calls things.
_BMECAT = {
    "supplier_pid": "sku", "supplier_aid": "sku", "description_short": "title", "description_long": "description",
    "international_pid": "gtin", "ean": "gtin", "manufacturer_name": "brand", "keyword": "tags", "cost": "cost",
    "msrp": "msrp", "price_steps": "price_tiers", "mime_source": "image_urls", "price_currency": "currency",
    "price_quantity": "price_quantity",
}  # fmt: skip
#: Heureka's own number of an item is what shops order by; what the manufacturer calls it may be many's.
_HEUREKA = {"item_id": "sku", "itemgroup_id": "product_id"}
#: Tables that are written in markup, but are spreadsheets for those who send them: Excel's XML of 2003, and web pages.
_WORKBOOK = tuple("urn:schemas-microsoft-com:office:spreadsheet".encode(one) for one in ("ascii", "utf-16-le"))
_HTML = re.compile(rb"(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|meta|body|table|style)\b", re.IGNORECASE)
_FORMATS = {
    "rss": "Google Merchant", "feed": "Google Merchant", "yml_catalog": "YML", "offers": "Ceneo", "shop": "Heureka",
    "bmecat": "BMEcat",
}  # fmt: skip
_MEANT = {"BMEcat": _BMECAT, "Heureka": _HEUREKA}


class Xml:
    """The ``SupplierFeed`` port for XML."""

    name = "xml"
    label = "XML"

    def recognises(self, head: bytes, file_name: str) -> bool:
        """By its beginning."""
        start = head
        while start.startswith(BOM_UTF8) or start[:1].isspace():
            start = start.removeprefix(BOM_UTF8).lstrip()
        if any(mark in head for mark in _WORKBOOK):
            return False
        if start.startswith((b"\xff\xfe<\x00", b"\xfe\xff\x00<")):
            return True
        return start.startswith(b"<") and not _HTML.match(start)

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Find the element of one product, learn the columns from the first thousand; rows follow."""
        return self.open_at(stream, limits, "")

    def open_at(self, stream: BinaryIO, limits: Limits, record: str) -> Table:
        """The same, with the element of a product that a person chose, as ``a/b``."""
        build = survey(stream, record)
        kind = _FORMATS.get(build.root.lower(), "XML")
        first = [_explained(record, build) for record in islice(records(stream, build), _LEARNED_FROM)]
        if not first:
            detected = {"records": build.records, "columns": []}
            raise UnreadableFile("no_rows", "The file holds no product.", detected=detected)
        layout = learn(first, _MEANT.get(kind))
        left_out = layout.keep(limits.columns)
        return Table(
            columns=layout.columns,
            detected={
                **({"left_out": left_out} if left_out else {}),
                **({"mended": True} if build.mended else {}),
                "format": kind,
                "record": "/".join(build.record),
                "records": build.records,
                "variants": "/".join(layout.variants or ()),
            },
            rows=bounded(layout.table(_explained(record, build) for record in records(stream, build)), limits),
            meant=layout.meant,
            pointed="all",
        )


def _explained(record: Node, build: Build) -> Node:
    """A record with its category's name in place of the id, and BMEcat's prices and pictures spelled out."""
    node: dict[str, Any] = dict(record)
    keys = [str(key) for key in node.pop("categoryId", []) if isinstance(key, str)]
    if keys:
        node["category"] = [build.category(keys[0]) or keys[0]]
    if build.root in ("offers", "yml_catalog") and "weight" in node:
        # Ceneo's and YML's weights are kilograms.
        node["weight kg"] = node.pop("weight")
    if build.root == "yml_catalog":
        _name_offer(node)
    if build.root.lower() == "bmecat":
        _spell_out_bmecat(node, build)
    return node


def _name_offer(node: dict[str, Any]) -> None:
    """YML's offers of the kind "vendor.model" have no name: kind, vendor and model are it. The kind of an offer tells
    nothing, and its model is no group of variants."""
    node.pop("type", None)
    model = node.pop("model", [])
    if not node.get("name") and model:
        parts = [*node.pop("typePrefix", [])[:1], *node.get("vendor", [])[:1], *model[:1]]
        node["name"] = [" ".join(str(part) for part in parts)]


def _spell_out_bmecat(node: dict[str, Any], build: Build) -> None:
    for details in ("PRODUCT_PRICE_DETAILS", "ARTICLE_PRICE_DETAILS"):
        for prices in node.pop(details, []):
            if not isinstance(prices, str):
                _take_prices(node, [*prices.get("PRODUCT_PRICE", []), *prices.get("ARTICLE_PRICE", [])], build)
    for name in ("PRODUCT_REFERENCE", "ARTICLE_REFERENCE"):
        node.pop(name, None)
    for ordering in ("PRODUCT_ORDER_DETAILS", "ARTICLE_ORDER_DETAILS"):
        for details in node.pop(ordering, []):
            if not isinstance(details, str) and details.get("PRICE_QUANTITY"):
                node["PRICE_QUANTITY"] = [plain_number(_number(str(details["PRICE_QUANTITY"][0]), Decimal(1)))]
    root = build.mime_root.rstrip("/")
    pictures = [
        source if "://" in source or not root else f"{root}/{source.lstrip('/')}"
        for info in node.pop("MIME_INFO", [])
        if not isinstance(info, str)
        for mime in info.get("MIME", [])
        if not isinstance(mime, str) and str(mime.get("MIME_TYPE", ["image/"])[0]).startswith("image")
        for source in mime.get("MIME_SOURCE", [])
        if isinstance(source, str)
    ]
    if pictures:
        node["MIME_SOURCE"] = pictures


def _take_prices(node: dict[str, Any], prices: list[Any], build: Build) -> None:
    """The price for the smallest quantity is the cost; the others are steps. ``nrp`` is the recommended price."""
    steps: list[tuple[Decimal, Decimal, str, tuple[str, str]]] = []
    for price in prices:
        if isinstance(price, str) or not price.get("PRICE_AMOUNT"):
            continue
        amount = str(price["PRICE_AMOUNT"][0])
        if "nrp" in price.get("price_type", []):
            node["MSRP"] = [amount]
            continue
        # Other kinds of prices, and those in another currency, have steps of their own.
        kind = (str(price.get("price_type", [""])[0]), str(price.get("PRICE_CURRENCY", [build.currency])[0]))
        bound = _number(str(price.get("LOWER_BOUND", ["1"])[0]), Decimal(1))
        steps.append((bound, _number(amount, Decimal("Infinity")), amount, kind))
    if steps:
        steps.sort()
        node["COST"] = [steps[0][2]]
        if steps[0][3][1]:
            node["PRICE_CURRENCY"] = [steps[0][3][1]]
        same = [(bound, amount) for bound, _, amount, kind in steps if kind == steps[0][3]]
        node["PRICE_STEPS"] = [" | ".join(f"{plain_number(bound)}={amount}" for bound, amount in same)]


def _number(text: str, otherwise: Decimal) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return otherwise
    return found if found.is_finite() else otherwise
