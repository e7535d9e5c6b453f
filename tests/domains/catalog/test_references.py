"""What products, variants, stock and pictures refer to is there, though no foreign key says so."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db
from app.kit.ids import new_id
from tests import factories

#: A row with one reference that leads nowhere, or to another supplier's.
_WRONG = {
    "a variant of no product": "insert into supplier_variants select (jsonb_populate_record(v, jsonb_build_object("
    "'id', :new, 'sku', 'N', 'product_id', :new))).* from supplier_variants v where v.id = :variant",
    "a variant of another supplier's product": "insert into supplier_variants select (jsonb_populate_record(v, "
    "jsonb_build_object('id', :new, 'sku', 'N', 'supplier_id', :other))).* from supplier_variants v "
    "where v.id = :variant",
    "stock of no variant": "insert into inventory_levels select (jsonb_populate_record(l, jsonb_build_object("
    "'id', :new, 'variant_id', :new))).* from inventory_levels l where l.variant_id = :variant",
    "stock nowhere": "insert into inventory_levels select (jsonb_populate_record(l, jsonb_build_object("
    "'id', :new, 'location_id', :new))).* from inventory_levels l where l.variant_id = :variant",
    "stock that becomes another supplier's": "update inventory_levels set supplier_id = cast(:other as uuid) "
    "where variant_id = :variant",
    "stock of another supplier's variant": "with l as (delete from inventory_levels where variant_id = :variant "
    "returning *) insert into inventory_levels select (jsonb_populate_record("
    "null::inventory_levels, to_jsonb(l) || jsonb_build_object('id', :new, 'supplier_id', :other))).* from l",
    "a picture of no product": "insert into product_images (id, product_id, url, alt, position) "
    "values (cast(:new as uuid), cast(:new as uuid), 'https://p.example/1.jpg', '', 0)",
    "an entry of no product": "insert into catalog_entries select (jsonb_populate_record(e, jsonb_build_object("
    "'product_id', :new))).* from catalog_entries e limit 1",
    "a variant that moves to no product": "update supplier_variants set product_id = cast(:new as uuid) "
    "where id = :variant",
    "a product with variants that goes": "delete from supplier_products where id = :product",
    "a variant with stock that goes": "delete from supplier_variants where id = :variant",
    "a place with stock that goes": "delete from stock_locations where id in "
    "(select location_id from inventory_levels where variant_id = :variant)",
    "a product that gets another id": "update supplier_products set id = cast(:new as uuid) where id = :product",
}


@pytest.fixture
def names(session: Session) -> dict[str, str]:
    supplier = factories.supplier(session)
    variants: list[UUID] = factories.product(session, supplier, variants=2, stock=5)
    other = factories.supplier(session, "Kanto")
    session.flush()
    product = session.scalar(
        text("select product_id from supplier_variants where id = :variant"), {"variant": variants[0]}
    )
    return {"variant": str(variants[0]), "product": str(product), "other": str(other.id), "new": str(new_id())}


@pytest.mark.parametrize("statement", _WRONG.values(), ids=_WRONG.keys())
def test_a_reference_to_nothing_is_refused(session: Session, names: dict[str, str], statement: str) -> None:
    told = {name: value for name, value in names.items() if f":{name}" in statement}
    with pytest.raises(IntegrityError):
        session.execute(text(statement), told)


@pytest.mark.usefixtures("committed", "system")
def test_what_something_comes_to_refer_to_just_then_can_not_go(engine: None) -> None:
    with db.transaction() as making:
        supplier = factories.supplier(making)
        (variant,) = factories.product(making, supplier, stock=5)
        making.flush()
        names = {"variant": str(variant), "product": str(new_id()), "new": str(new_id())}
        making.execute(
            text(
                "insert into supplier_products select (jsonb_populate_record(p, jsonb_build_object("
                "'id', :product, 'handle', 'empty'))).* from supplier_products p "
                "where p.id = (select product_id from supplier_variants where id = :variant)"
            ),
            {name: names[name] for name in ("product", "variant")},
        )
    with db.transaction() as adding:
        adding.execute(
            text(
                "insert into supplier_variants select (jsonb_populate_record(v, jsonb_build_object("
                "'id', :new, 'sku', 'N', 'product_id', :product))).* from supplier_variants v where v.id = :variant"
            ),
            names,
        )
        with pytest.raises(IntegrityError), db.transaction() as deleting:
            deleting.execute(
                text("delete from supplier_products where id = cast(:product as uuid)"), {"product": names["product"]}
            )
    with db.transaction() as looking:
        orphans = "select count(*) from supplier_variants v left join supplier_products p on p.id = v.product_id"
        assert looking.scalar(text(f"{orphans} where p.id is null")) == 0
