"""Offering again what a file had ended, once a file names it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, func, literal, or_, select, update
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.search.refreshing import tell_of_changes
from app.catalog.service import refresh_ranges
from app.feeds.models import FeedRun, FeedSame
from app.feeds.new_rows import accepted_skus
from app.feeds.rules.fields import untold
from app.feeds.service.changes import note_changes
from app.inventory.events import InventoryChanged
from app.kit import clock
from app.outbox.service import emit


def bring_back(session: Session, run_id: UUID) -> None:
    """Variants and products that were ended by a file or by undoing one, and that this run names without saying that
    they are ended, are on offer again. Repeated, there are none."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state != "APPLYING" or run.kind != "full":
        return
    accepted = accepted_skus([run_id]).subquery()
    named = select(accepted.c.sku)
    same = SupplierVariant.id.in_(select(func.unnest(FeedSame.variants)).where(FeedSame.run_id == run_id))
    ended_variants = (SupplierVariant.supplier_id == run.supplier_id, SupplierVariant.status == "ended")
    # Few are ended, and a run may name hundreds of thousands.
    skus = session.scalars(select(SupplierVariant.sku).where(*ended_variants)).all()
    variants = (
        session.execute(
            update(SupplierVariant)
            .where(*ended_variants, or_(SupplierVariant.sku.in_(named.where(accepted.c.sku.in_(skus))), same))
            .values(status="active", updated_at=clock.now())
            .returning(SupplierVariant.id, SupplierVariant.product_id)
            .execution_options(synchronize_session=False)
        ).all()
        if skus
        else []
    )
    offered = exists().where(
        SupplierVariant.product_id == SupplierProduct.id,
        SupplierVariant.status == "active",
        or_(SupplierVariant.sku.in_(named), same),
    )
    products = session.scalars(
        update(SupplierProduct)
        .where(
            SupplierProduct.supplier_id == run.supplier_id,
            SupplierProduct.ended_by_feed,
            SupplierProduct.status == "ended",
            literal("status" in untold(run.mapping.values())),
            offered,
        )
        .values(status="active", ended_by_feed=False, updated_at=clock.now())
        .returning(SupplierProduct.id)
        .execution_options(synchronize_session=False)
    ).all()
    ended, active = {"status": "ended"}, {"status": "active"}
    note_changes(session, run, [("variant", one.id, ended, active) for one in variants])
    note_changes(session, run, [("product", one, ended, active) for one in products])
    changed = {one.product_id for one in variants} | set(products)
    refresh_ranges(session, changed)
    tell_of_changes(session, run.supplier_id, changed)
    of_products = session.scalars(
        select(SupplierVariant.id).where(SupplierVariant.product_id.in_(changed), SupplierVariant.status == "active")
    ).all()
    if of_products:
        emit(session, InventoryChanged(supplier_id=run.supplier_id, variant_ids=tuple(sorted(of_products))))
