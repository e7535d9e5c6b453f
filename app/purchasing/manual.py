"""Orders that a retailer enters itself, by form or file: what they would cost and who would deliver them, and placing
them. They go the way of every order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, selectinload

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import on_offer
from app.identity.models import Organisation
from app.inventory.errors import InsufficientStock
from app.kit import clock
from app.kit.errors import AppError, Invalid
from app.kit.money import Money
from app.listings.models import ListingVariant
from app.orders.manual_file import ADDRESS, MOST_ORDERS, Row, by_order
from app.orders.rules import HoldReason
from app.orders.service import LARGEST_QUANTITY, find_by_external_id
from app.purchasing.models import PurchaseOrder
from app.purchasing.service import Line, Placed, PlaceOrder, place_order
from app.stores.store_orders import Address
from app.suppliers.models import Supplier
from app.suppliers.queries import closures, rates_of
from app.suppliers.rules import (
    Closure,
    Parcel,
    rate_for,
    rates_by_method,
    sending,
)

KIND = "manual"


@dataclass(frozen=True, slots=True)
class Method:
    """A way in which a supplier could send its part: what shipping costs then, and when it arrives."""

    name: str
    price: Money
    arrives: tuple[date, date]


@dataclass(frozen=True, slots=True)
class Part:
    """What one supplier would deliver: ``lines`` are units and titles; ``order_fee`` is the part of
    ``shipping`` that is asked for the order itself; ``total`` is what the retailer is charged."""

    supplier: str
    lines: Sequence[tuple[int, str]]
    goods: Money
    shipping: Money
    order_fee: Money
    total: Money
    method: str
    arrives: tuple[date | None, date | None]
    supplier_id: UUID
    #: All ways in which it could be sent, the cheapest first; empty where nobody asked for them.
    methods: Sequence[Method] = ()

    @property
    def carriage(self) -> Money:
        """Of ``shipping`` what is asked for the way, without the order fee."""
        return self.shipping - self.order_fee


@dataclass(frozen=True, slots=True)
class RowsResult:
    """What becomes of the rows of one order: ``ready``, ``placed``, ``known`` (there already), ``changed`` (it costs
    something else than was shown, and was not placed), or ``rejected`` with the ``reason``."""

    number: str
    rows: Sequence[Row]
    state: str
    reason: str = ""
    units: int = 0
    total: Money | None = None
    suppliers: Sequence[str] = ()
    order_id: UUID | None = None


def manual_order(
    session: Session,
    retailer_id: UUID,
    lines: Mapping[UUID, int],
    address: Address,
    *,
    number: str,
    note: str = "",
    methods: Mapping[UUID | None, str] | None = None,
) -> PlaceOrder:
    """An order as it is placed. ``number`` is the retailer's own name of it, once; ``methods`` how suppliers ship
    (by None: all of them), where somebody chose."""
    currency = session.get_one(Organisation, retailer_id).currency
    return PlaceOrder(
        retailer_id=retailer_id,
        store_id=None,
        external_id=number,
        external_name=number,
        currency=currency,
        address=address,
        lines=[Line(variant_id=variant_id, quantity=units) for variant_id, units in lines.items()],
        note=note,
        kind="manual",
        methods=methods or {},
    )


def preview_order(session: Session, wanted: PlaceOrder, *, methods: bool = True) -> list[Part]:
    """Who would deliver it and what it costs, as things stand now; nothing of it stays. ``methods``: also in which
    other ways each could send. Raises as ``place_order``."""
    with session.begin_nested() as trial:
        placed = place_order(session, wanted)
        session.flush()
        parts = [
            _part(session, one, _methods(session, one) if methods else ())
            for one in _purchase_orders(session, placed.order_id)
        ]
        trial.rollback()
    session.expire_all()
    return parts


def total_of(parts: Iterable[Part]) -> Money:
    """What the retailer is charged for all."""
    totals = [part.total for part in parts]
    return Money(sum(one.minor for one in totals), totals[0].currency)


def try_file(session: Session, retailer_id: UUID, rows: Sequence[Row]) -> list[RowsResult]:
    """What would become of each order of a file; nothing of it stays. Raises ``Invalid`` for too many orders."""
    return [_tried(session, retailer_id, number, own) for number, own in orders_of(rows).items()]


def place_file_order(
    session: Session, retailer_id: UUID, number: str, rows: Sequence[Row], *, shown: str | None
) -> RowsResult:
    """Place one order of a file, once per number, if it still costs what was ``shown``; what is wrong with it is its
    result's reason."""
    tried = _tried(session, retailer_id, number, rows)
    if tried.state != "ready":
        return tried
    if str(tried.total) != shown:
        return replace(tried, state="changed")
    try:
        with session.begin_nested():
            wanted = _wanted(session, retailer_id, number, rows)
            placed: Placed = place_order(session, wanted)
    except AppError as error:
        return RowsResult(number, rows, "rejected", _reason(session, error, rows))
    return replace(tried, state="placed" if placed.created else "known", order_id=placed.order_id)


def found_variants(session: Session, retailer_id: UUID, skus: Iterable[str]) -> dict[str, list[tuple[UUID, str, bool]]]:
    """SKU → variants on offer that have it: id, supplier and whether the retailer lists it."""
    listed = exists().where(ListingVariant.variant_id == SupplierVariant.id, ListingVariant.retailer_id == retailer_id)
    rows = session.execute(
        select(SupplierVariant.sku, SupplierVariant.id, Supplier.company_name, listed)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
        .where(SupplierVariant.sku.in_(list(skus)), on_offer())
        .order_by(SupplierVariant.id)
    )
    found: dict[str, list[tuple[UUID, str, bool]]] = {}
    for sku, variant_id, company, is_listed in rows:
        found.setdefault(sku, []).append((variant_id, company, is_listed))
    return found


def orders_of(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of a file by the order's number. Raises ``Invalid`` for too many orders."""
    found = by_order(rows)
    if len(found) > MOST_ORDERS:
        raise Invalid.field("file", "too_many", f"A file has at most {MOST_ORDERS} orders. Split it.")
    return found


def _tried(session: Session, retailer_id: UUID, number: str, rows: Sequence[Row]) -> RowsResult:
    known = find_by_external_id(session, retailer_id, None, number) if number else None
    if known is not None:
        return RowsResult(number, rows, "known", order_id=known.id)
    try:
        with session.begin_nested():
            wanted = _wanted(session, retailer_id, number, rows)
            parts = preview_order(session, wanted, methods=False)
    except AppError as error:
        return RowsResult(number, rows, "rejected", _reason(session, error, rows))
    names = [part.supplier for part in parts]
    return RowsResult(number, rows, "ready", units=_units(wanted), total=total_of(parts), suppliers=names)


def _wanted(session: Session, retailer_id: UUID, number: str, rows: Sequence[Row]) -> PlaceOrder:
    """The rows of one order as an order. Raises ``Invalid`` by row."""
    if not number:
        raise _wrong(rows[0], "The order number is missing.")
    if len(number) > 100:
        raise _wrong(rows[0], "An order number has at most 100 characters.")
    head = rows[0]
    for row in rows[1:]:
        if any(row.get(name) and row.get(name) != head.get(name) for name in ADDRESS):
            raise _wrong(row, "The address is another than in the order's first row.")
        if row.get("method") and row.get("method") != head.get("method"):
            raise _wrong(row, "The shipping method is another than in the order's first row.")
    variants = found_variants(session, retailer_id, {row.get("sku") for row in rows})
    lines: dict[UUID, int] = {}
    for row in rows:
        variant_id = _variant(row, variants.get(row.get("sku"), []))
        lines[variant_id] = lines.get(variant_id, 0) + _quantity(row)
    address = Address(**{name: head.get(name) for name in ADDRESS})
    methods: dict[UUID | None, str] = {None: head.get("method")} if head.get("method") else {}
    return manual_order(session, retailer_id, lines, address, number=number, note=head.get("note"), methods=methods)


def _variant(row: Row, found: Sequence[tuple[UUID, str, bool]]) -> UUID:
    wanted = row.get("supplier").casefold()
    fits = [one for one in found if not wanted or one[1].casefold() == wanted]
    # What the retailer sells is meant rather than what else has the same SKU.
    fits = [one for one in fits if one[2]] or fits
    if not fits:
        sku = row.get("sku")
        raise _wrong(row, f"Nothing on offer has the SKU {sku}." if sku else "The SKU is missing.")
    if len(fits) > 1:
        names = ", ".join(sorted({company for _, company, _ in fits}))
        raise _wrong(row, f"Several have this SKU ({names}): name the supplier in the column of that name.")
    return fits[0][0]


def _quantity(row: Row) -> int:
    text = row.get("quantity")
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 0 < int(text) <= LARGEST_QUANTITY):
        raise _wrong(row, "The quantity is not a whole number from 1 up.")
    return int(text)


def _wrong(row: Row, message: str) -> Invalid:
    return Invalid.field("file", "row", f"Row {row.number}: {message}")


def _reason(session: Session, error: AppError, rows: Sequence[Row]) -> str:
    if isinstance(error, InsufficientStock):
        ids = [line.variant_id for line in error.lines]
        found = select(SupplierVariant.id, SupplierVariant.sku).where(SupplierVariant.id.in_(ids))
        skus = {variant_id: sku for variant_id, sku in session.execute(found)}
        return " ".join(f"Only {line.available} of {skus[line.variant_id]} are in stock." for line in error.lines)
    method = rows[0].get("method")
    if method and error.code == HoldReason.NOT_SHIPPED_THERE:
        return f"No supplier of these items ships there by “{method}”. Leave it empty for the cheapest way."
    return " ".join(dict.fromkeys([one.message for one in error.errors] or [error.detail]))


def _units(wanted: PlaceOrder) -> int:
    return sum(line.quantity for line in wanted.lines)


def _purchase_orders(session: Session, order_id: UUID) -> Sequence[PurchaseOrder]:
    return session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.order_id == order_id)
        .options(selectinload(PurchaseOrder.lines))
        .order_by(PurchaseOrder.number)
    ).all()


def _part(session: Session, one: PurchaseOrder, methods: Sequence[Method]) -> Part:
    return Part(
        session.get_one(Supplier, one.supplier_id).company_name,
        [(line.quantity, line.title) for line in one.lines],
        Money(one.wholesale_total, one.currency),
        Money(one.shipping_cost, one.currency),
        Money(one.order_fee, one.currency),
        Money(one.charge_total, one.charge_currency),
        one.shipping_method,
        (one.estimated_from, one.estimated_to),
        one.supplier_id,
        methods,
    )


def _methods(session: Session, one: PurchaseOrder) -> list[Method]:
    """In which ways its supplier could send a purchase order, by the same terms as it was made."""
    supplier = session.get_one(Supplier, one.supplier_id)
    weights = session.execute(
        select(SupplierVariant.id, SupplierVariant.weight_grams).where(
            SupplierVariant.id.in_({line.variant_id for line in one.lines})
        )
    )
    grams = {variant_id: weight or 0 for variant_id, weight in weights}
    parcel = Parcel(
        units=sum(line.quantity for line in one.lines),
        grams=sum(line.quantity * grams[line.variant_id] for line in one.lines),
        goods=one.wholesale_total,
    )
    closed = [Closure(row.starts_on, row.ends_on) for row in closures(session, supplier.id)]
    rates = rates_of(session, [supplier.id])[supplier.id]
    found = {}
    for name in dict.fromkeys(rate.name for rate in rates):
        rate = rate_for(rates_by_method(rates, one.ship_to_country, name), one.ship_to_country, parcel)
        if rate is not None:
            sent = sending(supplier, rate, parcel, one.currency, clock.now(), closed)
            found[rate.name] = Method(rate.name, sent.price, sent.arrives)
    return sorted(found.values(), key=lambda method: (method.price.minor, method.name))
