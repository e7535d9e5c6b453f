"""A long file of new products is taken over two batches at once, as if they had gone one after the other."""

from __future__ import annotations

from concurrent.futures import Future
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app import db
from app.catalog.models import CatalogEntry, Category, ProductImage, SupplierProduct, SupplierVariant
from app.feeds.models import FeedMark, FeedRun, FeedRunChange
from app.feeds.service import NoLongerWanted, apply_batch, cancel, plan_batches, prepare_batch
from app.feeds.service.applying import PRODUCTS_AT_ONCE
from app.inventory.models import InventoryLevel, StockMovement
from app.kit.in_turn import Stopped, Turn
from app.outbox.models import OutboxEvent
from tests.domains.feeds.test_runs import _files_here, apply, run_of, supplier_id, upload
from tests.stack import Jobs

__all__ = ["_files_here", "supplier_id"]

#: Two whole batches and a bit.
PRODUCTS = 2 * PRODUCTS_AT_ONCE + 50
WRITTEN = (SupplierProduct, SupplierVariant, ProductImage, CatalogEntry, InventoryLevel, StockMovement, FeedMark)


def lamps() -> bytes:
    """A list of products; each batch meets categories that others meet too, and some that none has met."""
    lines = ["product_id,title,category,sku,cost,stock,image_urls"]
    lines += [
        f"lamp-{number:04},Lamp {number},Kind {number * 7 % 40} > Of {number // 100},S{number},5.00,{number + 1},"
        f"https://pictures.example/{number}.jpg"
        for number in range(PRODUCTS)
    ]
    return "\n".join(lines).encode()


def how_many(model: type[db.Base]) -> int:
    with db.transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_all_of_a_long_file_is_there_once(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, lamps())
    jobs.drain()
    with db.transaction() as session:
        before = session.scalar(select(func.max(OutboxEvent.id))) or 0
    apply(supplier_id, run_id)
    jobs.drain()

    run = run_of(run_id)
    assert (run.state, run.counts["applied"]) == ("APPLIED", PRODUCTS)
    assert [how_many(model) for model in WRITTEN] == [PRODUCTS] * len(WRITTEN)
    with db.transaction() as session:
        wrong = select(SupplierVariant.sku).join(InventoryLevel, InventoryLevel.variant_id == SupplierVariant.id).where(
            func.concat("S", InventoryLevel.on_hand - 1) != SupplierVariant.sku
        )  # fmt: skip
        assert session.scalars(wrong).all() == []
        told = session.scalars(
            select(OutboxEvent.payload).where(OutboxEvent.id > before, OutboxEvent.topic == "inventory.changed")
        ).all()
        assert sorted(one for payload in told for one in payload["variant_ids"]) == sorted(
            str(one) for one in session.scalars(select(SupplierVariant.id))
        )
        placed = select(func.count()).select_from(SupplierProduct).join(Category)
        assert session.scalar(placed) == PRODUCTS
    again = upload(supplier_id, lamps())
    jobs.drain()
    assert run_of(again).counts["unchanged"] == PRODUCTS, "what stands is what the file says, and marked so"


def test_nothing_stays_of_a_batch_that_was_stopped_on_its_way(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, lamps())
    jobs.drain()
    apply(supplier_id, run_id)
    with db.transaction() as session:
        first, second, _ = plan_batches(session, run_id)
        prepared = [prepare_batch(session, run_id, batch) for batch in (first, second)]
    assert prepared[0] is not None
    assert prepared[1] is not None
    with db.transaction() as session:
        apply_batch(session, run_id, prepared[0], Turn(None))
    stands = [how_many(model) for model in (*WRITTEN, FeedRunChange)]
    before: Future[bool] = Future()
    before.set_result(False)
    with pytest.raises(Stopped), db.transaction() as session:
        apply_batch(session, run_id, prepared[1], Turn(before))

    with db.transaction() as session:
        cancel(session, supplier_id, run_id)
    with pytest.raises(NoLongerWanted), db.transaction() as session:
        apply_batch(session, run_id, prepared[1], Turn(None))
    with db.transaction() as session:
        assert prepare_batch(session, run_id, second) is None
        run = session.get_one(FeedRun, run_id)
        assert (run.state, run.counts["applied"]) == ("CANCELLED", PRODUCTS_AT_ONCE)
    assert [how_many(model) for model in (*WRITTEN, FeedRunChange)] == stands
