"""The two suppliers' catalogues: Nordlicht's in our template, Kanto's as Shopify exports products."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.feeds.template import COLUMNS


@dataclass(frozen=True, slots=True)
class Item:
    """One product: its option and values, cost, recommended price, grams, units in stock of each variant."""

    handle: str
    title: str
    category: str
    description: str
    option: str
    values: Sequence[str]
    cost: float
    msrp: float
    grams: int
    stock: int
    tags: str


def _items(supplier: str) -> tuple[Item, ...]:
    with Path(__file__).with_name("items.csv").open(newline="") as file:
        return tuple(
            Item(
                handle=row["handle"],
                title=row["title"],
                category=row["category"],
                description=row["description"],
                option=row["option"],
                values=[value for value in row["values"].split("|") if value],
                cost=float(row["cost"]),
                msrp=float(row["msrp"]),
                grams=int(row["grams"]),
                stock=int(row["stock"]),
                tags=row["tags"],
            )
            for row in csv.DictReader(file)
            if row["supplier"] == supplier
        )


NORDLICHT, KANTO = _items("nordlicht"), _items("kanto")


def template_file(items: Sequence[Item], pictures: str, prefix: str) -> bytes:
    """A catalogue in our template's columns. ``pictures`` is the address under which pictures lie."""
    rows: list[Mapping[str, str]] = []
    for item in items:
        for index, value in enumerate(item.values or ("",)):
            first = {
                "title": item.title, "description": f"<p>{item.description}</p>", "brand": "Nordlicht",
                "category": item.category, "image_urls": f"{pictures}/{item.handle}.png", "tags": item.tags,
                "status": "active",
            }  # fmt: skip
            rows.append(
                {
                    "product_id": item.handle, "sku": _sku(prefix, item, value), "option1_name": item.option,
                    "option1_value": value, "cost": f"{item.cost:.2f}", "msrp": f"{item.msrp:.2f}",
                    "price_tiers": f"10={item.cost * 0.95:.2f} | 50={item.cost * 0.9:.2f}",
                    "weight": str(item.grams), "weight_unit": "g", "stock": str(item.stock),
                    **(first if index == 0 else {}),
                }
            )  # fmt: skip
    return _csv(COLUMNS, rows)


def shopify_file(items: Sequence[Item], pictures: str, prefix: str) -> bytes:
    """A catalogue as Shopify exports products, with costs."""
    columns = (
        "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
        "Variant SKU", "Variant Grams", "Variant Inventory Qty", "Variant Price", "Variant Compare At Price",
        "Image Src", "Image Alt Text", "Cost per item", "Status",
    )  # fmt: skip
    rows: list[Mapping[str, str]] = []
    for item in items:
        for index, value in enumerate(item.values or ("Default Title",)):
            first = {
                "Title": item.title, "Body (HTML)": f"<p>{item.description}</p>", "Vendor": "Kanto",
                "Type": item.category, "Tags": item.tags, "Published": "true",
                "Option1 Name": item.option or "Title", "Image Src": f"{pictures}/{item.handle}.png",
                "Image Alt Text": item.title, "Status": "active",
            }  # fmt: skip
            rows.append(
                {
                    "Handle": item.handle, "Option1 Value": value,
                    "Variant SKU": _sku(prefix, item, "" if value == "Default Title" else value),
                    "Variant Grams": str(item.grams), "Variant Inventory Qty": str(item.stock),
                    "Variant Price": f"{item.msrp:.2f}", "Cost per item": f"{item.cost:.2f}",
                    **(first if index == 0 else {}),
                }
            )  # fmt: skip
    return _csv(columns, rows)


def _sku(prefix: str, item: Item, value: str) -> str:
    short = "".join(word[:3] for word in item.handle.split("-")[:2])
    suffix = value.replace(" ", "")
    return f"{prefix}-{short}-{suffix}".upper().rstrip("-")


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
