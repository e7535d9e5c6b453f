"""A long file of new products is taken over two batches at once, as if they had gone one after the other."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app import db
from app.catalog.events import ProductsMade
from app.catalog.models import (
    CatalogEntry,
    Category,
    ImageAddress,
    Media,
    ProductImage,
    SupplierProduct,
    SupplierVariant,
)
from app.catalog.service import ProductChange, VariantChange, change_prices, make_product
from app.feeds.models import FeedMark, FeedRun, FeedRunChange
from app.feeds.queries import rows
from app.feeds.service import (
    NoLongerWanted,
    apply_batch,
    cancel,
    create_block,
    plan_batches,
    plan_blocks,
    prepare_batch,
    prepare_block,
)
from app.feeds.service.new_rows import PRODUCTS_AT_ONCE, part
from app.inventory.models import InventoryLevel, StockMovement
from app.kit import clock
from app.kit.ids import new_id
from app.kit.in_turn import Stopped, Turn
from app.outbox.models import OutboxEvent
from tests import factories
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
        placed = select(func.count()).select_from(SupplierProduct).join(
            Category, Category.id == SupplierProduct.category_id
        )  # fmt: skip

        assert session.scalar(placed) == PRODUCTS
    again = upload(supplier_id, lamps())
    jobs.drain()
    assert run_of(again).counts["unchanged"] == PRODUCTS, "what stands is what the file says, and marked so"


def as_rows(run_id: UUID) -> None:
    """Have blocks of new products be rows of the run, as they are where something about them is not as usual."""
    with db.transaction() as session:
        for block in plan_blocks(session, run_id):
            part(session, run_id, block)


def make_meanwhile(supplier_id: UUID, sku: str) -> None:
    """Somebody makes a product with an SKU that a file tells of as new."""
    variant = VariantChange(sku=sku, values={"wholesale_price": 100})
    with db.transaction() as session:
        make_product(session, supplier_id, "EUR", "jug", ProductChange(values={"title": "Jug"}, variants=[variant]))


def test_nothing_stays_of_a_block_that_was_stopped_on_its_way(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, lamps())
    jobs.drain()
    apply(supplier_id, run_id)
    with db.transaction() as session:
        assert plan_batches(session, run_id) == []
        first, second, _ = plan_blocks(session, run_id)
        prepared = [prepare_block(session, run_id, block) for block in (first, second)]
    assert prepared[0] is not None
    assert prepared[1] is not None
    with db.transaction() as session:
        create_block(session, run_id, prepared[0], Turn(None), beside=True)
        assert plan_blocks(session, run_id)[0] == second
    stands = [how_many(model) for model in (*WRITTEN, FeedRunChange)]
    before: Future[bool] = Future()
    before.set_result(False)
    with pytest.raises(Stopped), db.transaction() as session:
        create_block(session, run_id, prepared[1], Turn(before), beside=True)

    with db.transaction() as session:
        cancel(session, supplier_id, run_id)
    with pytest.raises(NoLongerWanted), db.transaction() as session:
        create_block(session, run_id, prepared[1], Turn(None), beside=True)
    with db.transaction() as session:
        assert prepare_block(session, run_id, second) is None
        run = session.get_one(FeedRun, run_id)
        assert (run.state, run.counts["applied"]) == ("CANCELLED", PRODUCTS_AT_ONCE)
    assert [how_many(model) for model in (*WRITTEN, FeedRunChange)] == stands


def test_nothing_stays_of_a_batch_that_was_stopped_on_its_way(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, lamps())
    jobs.drain()
    apply(supplier_id, run_id)
    as_rows(run_id)
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


#: Products whose rows stand apart, repeat each other, have letters of many languages, options that tell nothing apart
#: or stand in two orders, pictures that several rows name, no title, or the title in a later row. ``@``: where
#: the pictures are.
ODD = """product_id,title,description,brand,category,sku,gtin,option1_name,\
option1_value,option2_name,option2_value,cost,msrp,map,weight,weight_unit,stock,image_urls,image_alt,tags,status,tier1_quantity,tier1_price
lamp,Lamp,<b>Bright</b>,Lux,Home>Lamp,L-1,4006381333931,Size,S,,,5.00,9.90,8.50,1,kg,3,@1.jpg|@2.jpg,Front,home;sale,active,10,4.50
lamp,Lamp,<b>Bright</b>,Lux,Home>Lamp,L-2,,Size,M,,,6.00,9.90,,1.5,kg,0,@2.jpg|@3.jpg,Side,home;sale,active,,
vase,Väse Größe İ №5,Plain  text,Ünïcode,Déco,V-1,,,,,,7.10,,,,,,,,"déco",draft,,
twins,Twins,,,,T-1,,Size,S,,,1.00,,,,,5,,,,,,
twins,Twins,,,,T-2,,Size,S,,,2.00,,,,,6,,,,,,
lamp,,,,,L-3,,Colour,Red,Size,L,7.00,,,,,4,,,,,,
late,,,,,X-1,,Size,S,,,3.00,,,,,1,,,,,,
late,Late,Said later,Lux,Déco,X-2,,Size,M,,,3.50,,,,,2,@9.jpg,,,,,
lamp,Lamp,<b>Bright</b>,Lux,Home>Lamp,L-1,4006381333931,Size,S,,,5.00,9.90,8.50,1,kg,3,@7.jpg,Front,x,active,10,4.50
plain,"Two	tabs  and\\ back",,,,P-1,,,,,,4.00,,,,,12,,,,ended,,
"""
#: The same without rows that stand apart: each product can be kept as columns, but for those with a complaint.
_APART = ("lamp,,", "late", "lamp,Lamp,<b>Bright</b>,Lux,Home>Lamp,L-1,4006381333931,Size,S,,,5.00,9.90,8.50,1,kg,3,@7")
TOGETHER = "".join(line for line in ODD.splitlines(keepends=True) if not line.startswith(_APART))
TOGETHER += """\
jug,Jug (red),,Lux,Déco,J-1,,Colour,Red,Größe,S,7.00,,,,,4,@1.jpg,"A ""quoted"" one",a|b,active,,
jug,Jug (red),,Lux,Déco,J-2,,Größe,M,,,7.00,,,,,,@2.jpg|@1.jpg,,a|b,active,2,6.50
"""
#: But for the samples that an entry is in, which its product's id decides.
_MADE = """
    select p.handle, p.title, p.description, p.brand, c.path, p.source_category, p.option_names, p.tags, p.status,
        p.currency, p.lowest_wholesale, p.highest_wholesale, p.search_text, p.in_stock, p.shipping_class,
        (select json_agg(json_build_array(i.url, i.alt, i.position, i.sha256) order by i.position)
            from product_images i where i.product_id = p.id) as pictures,
        (select json_agg(json_build_array(
            v.sku, v.gtin, v.options, v.wholesale_price, v.msrp, v.map_price, v.price_tiers, v.weight_grams, v.status,
            v.position, v.currency, l.on_hand, l.reserved, m.kind, m.on_hand_change, v.updated_at = p.updated_at
            ) order by v.position)
            from supplier_variants v left join inventory_levels l on l.variant_id = v.id
            left join stock_movements m on m.level_id = l.id where v.product_id = p.id) as variants,
        btrim(regexp_replace(e.words::text, '''~d[0-9]+'' ?', '', 'g')) as words,
        e.variants, e.has_gtin, e.msrp, e.margin_bps, e.picture_url,
        k.mark, k.product_changed = p.updated_at as mark_holds, k.variants as marked,
        k.variants_changed = (select sum(extract(epoch from v.updated_at)) from supplier_variants v
            where v.product_id = p.id) as times,
        (select json_agg(v.sku order by given.place) from feed_run_changes f,
            json_array_elements_text((f.after -> 'variants')::json) with ordinality as given(id, place),
            supplier_variants v where f.target_id = p.id and f.created and v.id = given.id::uuid) as undoable
    from supplier_products p left join categories c on c.id = p.category_id
    left join catalog_entries e on e.product_id = p.id left join feed_marks k on k.product_id = p.id
    where p.supplier_id = :supplier order by p.handle
"""


def made_of(supplier: str, file: str, way: str, jobs: Jobs) -> tuple[list[dict[str, str]], list[tuple[str, int]]]:
    """What comes of a file of new products that is taken over as ``blocks`` of columns, as ``rows``, or ``alone``: row
    by row beside what stands."""
    with db.transaction() as session:
        theirs = factories.supplier(session, supplier).id
    run_id = upload(theirs, file.replace("@", "https://p.example/").encode())
    jobs.drain()
    apply(theirs, run_id)
    if way != "blocks":
        as_rows(run_id)
    with db.transaction() as session:
        before = session.scalar(select(func.max(OutboxEvent.id))) or 0
    with db.transaction() as session:
        blocks = [prepare_block(session, run_id, block) for block in plan_blocks(session, run_id)]
        batches = [prepare_batch(session, run_id, one, alone=way == "alone") for one in plan_batches(session, run_id)]
    assert bool(blocks) == (way == "blocks")
    assert bool(batches) == (way != "blocks")
    for block in blocks:
        assert block is not None
        assert block.new
        with db.transaction() as session:
            create_block(session, run_id, block, Turn(None), beside=True)
    for batch in batches:
        assert batch is not None
        assert batch.new == (way == "rows")
        with db.transaction() as session:
            apply_batch(session, run_id, batch, Turn(None))
    jobs.drain()
    with db.transaction() as session:
        made = [
            {name: str(value).replace(theirs.hex[-16:], "") for name, value in row._mapping.items()}
            for row in session.execute(text(_MADE), {"supplier": theirs})
        ]
        told = session.execute(
            select(OutboxEvent.topic, func.jsonb_array_length(OutboxEvent.payload["variant_ids"]))
            .where(OutboxEvent.id > before, OutboxEvent.topic != ProductsMade.topic)
            .order_by(OutboxEvent.topic)
        ).all()
    return made, [tuple(one) for one in told]


def test_new_products_are_the_same_whichever_way_they_are_made(committed: None, system: None, jobs: Jobs) -> None:
    by_rows, alone = (made_of(way, ODD, way, jobs) for way in ("rows", "alone"))
    assert by_rows[0] == alone[0]
    assert by_rows[1] == alone[1]
    assert len(by_rows[0]) == 5


def test_products_that_are_kept_as_columns_become_the_same(committed: None, system: None, jobs: Jobs) -> None:
    blocks, by_rows, alone = (made_of(f"{way} of blocks", TOGETHER, way, jobs) for way in ("blocks", "rows", "alone"))
    assert blocks[0] == by_rows[0] == alone[0]
    assert blocks[1] == by_rows[1] == alone[1]
    assert [row["handle"] for row in blocks[0]] == ["jug", "lamp", "plain", "twins", "vase"]


def test_rows_that_are_kept_as_columns_are_shown_as_all_others(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, TOGETHER.replace("@", "https://p.example/").encode())
    jobs.drain()
    shown = []
    for _ in range(2):
        with db.transaction() as session:
            run = session.get_one(FeedRun, run_id)
            pages, cursor = [], None
            while True:
                page = rows(session, run, action="new", limit=2, cursor=cursor)
                pages += [(one.row, one.handle, one.sku, one.action, one.record, one.mark) for one in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert [one[0] for one in pages] == [
                one.row for one in rows(session, run, action=None, limit=100, cursor=None).items
            ]
            shown.append(pages)
        as_rows(run_id)
    assert shown[0] == shown[1]
    assert len(shown[0]) == run.counts["new"] == 8
    assert run.counts["products"] == 5


def test_what_came_into_being_meanwhile_is_compared_with(supplier_id: UUID, jobs: Jobs) -> None:
    run_id = upload(supplier_id, b"product_id,title,sku,cost,stock\nlamp,Lamp,S1,5.00,3\nvase,Vase,S2,6.00,4\n")
    jobs.drain()
    make_meanwhile(supplier_id, "S2")
    apply(supplier_id, run_id)
    jobs.drain()

    assert run_of(run_id).state == "APPLIED"
    with db.transaction() as session:
        found = session.execute(
            select(SupplierProduct.handle, SupplierVariant.sku, SupplierVariant.wholesale_price)
            .join(SupplierVariant, SupplierVariant.product_id == SupplierProduct.id)
            .order_by(SupplierVariant.sku)
        ).all()
    assert [tuple(row) for row in found] == [("lamp", "S1", 500), ("vase", "S2", 600)]


def test_an_sku_that_came_meanwhile_is_seen_before_its_batch_begins(supplier_id: UUID, jobs: Jobs) -> None:
    """Else the next batch has begun beside it, and each waits for the other."""
    run_id = upload(supplier_id, b"product_id,title,sku,cost,stock\nlamp,Lamp,S1,5.00,3\nvase,Vase,S2,6.00,4\n")
    jobs.drain()
    apply(supplier_id, run_id)
    as_rows(run_id)
    with db.transaction() as session:
        (batch,) = plan_batches(session, run_id)
        early = prepare_batch(session, run_id, batch)
    make_meanwhile(supplier_id, "S2")
    with db.transaction() as session:
        late = prepare_batch(session, run_id, batch)
    assert early is not None
    assert late is not None
    assert (early.new, late.new) == (True, False)
    with pytest.raises(IntegrityError), db.transaction() as session:
        apply_batch(session, run_id, early, Turn(None))


def test_an_sku_that_came_meanwhile_is_seen_before_its_block_begins(supplier_id: UUID, jobs: Jobs) -> None:
    """Else the next batch has begun beside it, and each waits for the other."""
    run_id = upload(supplier_id, b"product_id,title,sku,cost,stock\nlamp,Lamp,S1,5.00,3\nvase,Vase,S2,6.00,4\n")
    jobs.drain()
    apply(supplier_id, run_id)
    with db.transaction() as session:
        (block,) = plan_blocks(session, run_id)
        early = prepare_block(session, run_id, block)
    make_meanwhile(supplier_id, "S2")
    with db.transaction() as session:
        late = prepare_block(session, run_id, block)
    assert early is not None
    assert late is not None
    assert (early.new, late.new) == (True, False)
    with pytest.raises(IntegrityError), db.transaction() as session:
        create_block(session, run_id, early, Turn(None), beside=True)
    jobs.drain()
    assert run_of(run_id).state == "APPLIED"
    assert run_of(run_id).counts["applied"] == 2


def test_a_run_that_the_version_before_began_goes_on_behind_the_products_it_came_to(
    supplier_id: UUID, jobs: Jobs
) -> None:
    """It went by their handles, whatever their order in the file; what people changed since of those stays."""
    header = b"product_id,title,sku,cost\n"
    first = upload(supplier_id, header + b"vase,Vase,V1,1.00\nlamp,Lamp,L1,2.00\nrug,Rug,R1,3.00\n")
    jobs.drain()
    apply(supplier_id, first)
    jobs.drain()
    run_id = upload(supplier_id, header + b"vase,Vase,V1,1.50\nlamp,Lamp,L1,2.50\nrug,Rug,R1,3.00\n")
    jobs.drain()
    apply(supplier_id, run_id)
    with db.transaction() as session:
        before, after = {"wholesale_price": 200}, {"wholesale_price": 250}
        lamp = session.scalars(select(SupplierVariant.id).where(SupplierVariant.sku == "L1")).one()
        session.add(FeedRunChange(run_id=run_id, kind="variant", target_id=lamp, supplier_id=supplier_id,
                                  before=before, after=after))  # fmt: skip
        run = session.get_one(FeedRun, run_id)
        run.counts = {**run.counts, "applied_to": "lamp", "applied": 1}
        change_prices(session, supplier_id, {lamp: 222})
    jobs.drain()

    run = run_of(run_id)
    assert (run.state, run.counts["applied"]) == ("APPLIED", run.counts["products"])
    with db.transaction() as session:
        prices = session.execute(select(SupplierVariant.sku, SupplierVariant.wholesale_price)).all()
    assert dict(tuple(row) for row in prices) == {"V1": 150, "L1": 222, "R1": 300}


@pytest.mark.parametrize("by_rows", [False, True], ids=["blocks", "rows"])
def test_new_products_get_the_kept_pictures_of_their_own_addresses_alone(
    supplier_id: UUID, jobs: Jobs, by_rows: bool
) -> None:
    known = {f"https://pictures.example/{number}.jpg": f"{number}" * 64 for number in (1, 2)}
    with db.transaction() as session:
        for url, sha256 in known.items():
            session.add(
                Media(id=new_id(), sha256=sha256, mime="image/jpeg", size=9, width=9, height=9, created_at=clock.now())
            )
            session.flush()
            key = hashlib.sha256(url.encode()).hexdigest()
            session.add(
                ImageAddress(
                    id=new_id(), url=url, url_key=key, state="ready", media_sha256=sha256, created_at=clock.now()
                )
            )
    header = "product_id,title,sku,cost,stock,image_urls"
    rows = [
        f"lamp-{number},Lamp {number},S{number},5.00,3,https://pictures.example/{number}.jpg" for number in (1, 2, 3)
    ]
    run_id = upload(supplier_id, "\n".join([header, *rows]).encode())
    jobs.drain()
    if by_rows:
        as_rows(run_id)
    apply(supplier_id, run_id)
    jobs.drain()
    assert run_of(run_id).state == "APPLIED"
    with db.transaction() as session:
        found = {row.url: row.sha256 for row in session.execute(select(ProductImage.url, ProductImage.sha256))}
    assert {url: found[url] for url in known} == known
    assert found["https://pictures.example/3.jpg"] is None
