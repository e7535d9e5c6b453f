"""Pictures from suppliers' addresses to pages: by the jobs, from servers that may be hostile, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
import time_machine
from PIL import Image
from sqlalchemy import select

from app import db
from app.catalog.models import ImageAddress, Media, ProductImage, SupplierProduct
from app.catalog.service import ProductRecord, VariantRecord, save_products
from app.kit import clock
from tests.adapters.settings import set_up
from tests.adapters.strangers import Answer, Handler, Stranger, serving
from tests.domains.catalog.drawn import PAGE, SVG, lying_png, picture
from tests.market import Market, market, stripe_simulator, stripe_url
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.test_settings import member

__all__ = ["market", "set_up", "stripe_simulator", "stripe_url"]


def file(content: bytes, **headers: str) -> Answer:
    """A file with an ETag; who has it already is told so."""

    def answer(handler: Handler) -> None:
        if headers.get("ETag") and handler.headers.get("If-None-Match") == headers["ETag"]:
            handler.answer(304, headers=headers)
        else:
            handler.answer(200, content, {"Content-Type": "image/jpeg", **headers})

    return answer


@dataclass(slots=True)
class Desk:
    """A supplier with a picture server."""

    market: Market
    jobs: Jobs
    server: Stranger
    browser: Browser

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def offer(self, handle: str, *paths: str, party: UUID | None = None) -> UUID:
        """A product with pictures at these paths, and the jobs that it starts."""
        record = ProductRecord(
            handle=handle, title=f"Product {handle}", description="", brand="Nordlicht", category="",
            option_names=[], tags=[], images=[(self.url + path, "") for path in paths], status="active",
            variants=[VariantRecord(sku=handle, options={}, wholesale_price=1000)],
        )  # fmt: skip
        supplier = party or self.market.supplier.id
        with db.system_scope(actor="test"), db.transaction() as session:
            save_products(session, supplier, "USD", [record])
            made = session.scalars(select(SupplierProduct.id).where(SupplierProduct.handle == handle)).one()
        self.jobs.drain()
        return made

    def images(self, product_id: UUID) -> list[ProductImage]:
        with db.system_scope(actor="test"), db.transaction() as session:
            return list(
                session.scalars(
                    select(ProductImage).where(ProductImage.product_id == product_id).order_by(ProductImage.position)
                )
            )

    def addresses(self) -> dict[str, ImageAddress]:
        with db.system_scope(actor="test"), db.transaction() as session:
            return {one.url.removeprefix(self.url): one for one in session.scalars(select(ImageAddress))}

    def asked(self) -> list[str]:
        return [path for _, path, _ in self.server.asked]


@pytest.fixture
def desk(market: Market, jobs: Jobs, set_up: Callable[..., None], tmp_path: Path) -> Iterator[Desk]:
    with serving({}) as server:
        set_up(media_storage="folder", data_dir=str(tmp_path), outbound_allowed_hosts=f"127.0.0.1:{server.port}")
        yield Desk(market, jobs, server, member(market, "supplier")[0])


def test_a_picture_is_fetched_once_kept_once_and_served_for_ever(desk: Desk) -> None:
    """Two products and two addresses with the same bytes are one picture."""
    photo = picture(size=(900, 600))
    desk.server.answers.update({"/a.jpg": file(photo, ETag='"1"'), "/copy.jpg": file(photo)})
    first = desk.offer("one", "/a.jpg")
    second = desk.offer("two", "/a.jpg", "/copy.jpg", party=desk.market.other_supplier.id)
    assert sorted(desk.asked()) == ["/a.jpg", "/copy.jpg"]
    digests = {image.sha256 for product in (first, second) for image in desk.images(product)}
    assert len(digests) == 1 and desk.market.count("media") == 1
    (digest,) = digests
    answer = desk.market.app.test_client().get(f"/media/{digest}/320.webp")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert Image.open(BytesIO(answer.data)).size == (320, 213)
    for wrong in (f"/media/{digest}/1600.avif", f"/media/{digest}/320.svg", f"/media/{'0' * 64}/320.webp"):
        assert desk.market.app.test_client().get(wrong).status_code == 404
    assert f"/media/{digest}/96.webp" in desk.browser.get("/supplier/products").text


def test_a_picture_is_looked_at_again_after_a_week_and_not_before(desk: Desk) -> None:
    desk.server.answers["/a.jpg"] = file(picture(), ETag='"1"')
    desk.offer("one", "/a.jpg")
    desk.offer("one", "/a.jpg")
    desk.jobs.run_scheduled("recheck_images")
    assert desk.asked() == ["/a.jpg"]
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        desk.jobs.run_scheduled("recheck_images")
        assert desk.asked() == ["/a.jpg"] * 2
        assert desk.server.asked[-1][2]["If-None-Match"] == '"1"'
        assert desk.addresses()["/a.jpg"].state == "ready"


def test_a_changed_picture_takes_the_old_ones_place(desk: Desk) -> None:
    desk.server.answers["/a.jpg"] = file(picture(colour=(0, 200, 0)), ETag='"1"')
    product = desk.offer("one", "/a.jpg")
    before = desk.images(product)[0].sha256
    desk.server.answers["/a.jpg"] = file(picture(colour=(0, 0, 200)), ETag='"2"')
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        desk.jobs.run_scheduled("recheck_images")
    after = desk.images(product)[0].sha256
    assert after and after != before


def endless(handler: Handler) -> None:
    """Says that ten gigabytes follow."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**10))
    handler.end_headers()


HOSTILE = {
    "/bomb.jpg": (file(lying_png(60_000, 60_000)), "too_many_pixels", "50 million pixels"),
    "/cut.jpg": (file(picture(size=(900, 900))[:700]), "damaged", "cut off"),
    "/page.jpg": (file(PAGE), "web_page", "web page"),
    "/drawing.jpg": (file(SVG), "vector", "SVG"),
    "/huge.jpg": (
        endless, "too_large", "larger than 20 MB",
    ),
    "/gone.jpg": (lambda handler: handler.answer(404), "not_found", "no file at this address"),
    "/locked.jpg": (lambda handler: handler.answer(403), "refused", "does not let us read"),
    "/down.jpg": (lambda handler: handler.answer(503), "unreachable", "did not answer"),
    "/inside.jpg": (
        lambda handler: handler.answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data"}),
        "not_public", "public internet",
    ),
}  # fmt: skip


def test_hostile_and_broken_pictures_are_reported_with_what_to_do(desk: Desk) -> None:
    """Each by its own reason; none is ever shown; the good one beside them is."""
    desk.server.answers.update({path: answer for path, (answer, _, _) in HOSTILE.items()})
    desk.server.answers["/good.jpg"] = file(picture())
    product = desk.offer("one", *HOSTILE, "/good.jpg")
    found = desk.addresses()
    assert {path: found[path].reason for path in HOSTILE} == {path: reason for path, (_, reason, _) in HOSTILE.items()}
    assert [bool(image.sha256) for image in desk.images(product)] == [False] * len(HOSTILE) + [True]
    assert desk.market.count("media") == 1
    report = text_of(desk.browser.get("/supplier/pictures"))
    for _, _, words in HOSTILE.values():
        assert words in report
    assert f"{len(HOSTILE)} pictures can't be shown" in text_of(desk.browser.get("/supplier/"))
    other, _ = member_of_other(desk)
    assert "All pictures are well" in text_of(other.get("/supplier/pictures"))


def member_of_other(desk: Desk) -> tuple[Browser, UUID]:
    """A member of the other supplier."""
    from app.identity.models import Organisation
    from tests import factories

    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = session.get_one(Organisation, desk.market.other_supplier.id)
        user = factories.member(session, organisation, "supplier_owner")
    browser = Browser(desk.market.app)
    assert browser.sign_in(user.email).status_code == 303
    return browser, user.id


def test_a_mended_picture_is_fetched_at_a_click(desk: Desk) -> None:
    """Until then a broken one is left alone, however often the product changes."""
    desk.server.answers["/a.jpg"] = lambda handler: handler.answer(404)
    product = desk.offer("one", "/a.jpg")
    desk.offer("one", "/a.jpg")
    assert desk.asked() == ["/a.jpg"]
    desk.server.answers["/a.jpg"] = file(picture())
    page = f"/supplier/products/{product}"
    assert "no file at this address" in text_of(desk.browser.get(page))
    assert desk.browser.submit(page, "/pictures/again").status_code == 303
    desk.jobs.drain()
    assert desk.images(product)[0].sha256
    assert "no file at this address" not in text_of(desk.browser.get(page))
    other, _ = member_of_other(desk)
    assert other.post(f"{page}/pictures/again").status_code in (400, 403, 404)
    assert other.get(page).status_code == 404


def test_a_picture_by_hand_stays_when_the_file_comes_again(desk: Desk) -> None:
    desk.server.answers["/a.jpg"] = lambda handler: handler.answer(404)
    product = desk.offer("one", "/a.jpg")
    page = f"/supplier/products/{product}"
    large = BytesIO()
    Image.effect_noise((1400, 1400), 90).save(large, "PNG")
    assert len(large.getvalue()) > 1024 * 1024, "larger than other forms may be"
    sent = desk.browser.submit(page, "/pictures", file=(BytesIO(large.getvalue()), "me.html"), alt="A red lamp")
    assert sent.status_code == 303, text_of(sent)
    desk.offer("one", "/a.jpg")
    by_hand = desk.images(product)[-1]
    assert by_hand.uploaded and by_hand.alt == "A red lamp"
    offered = desk.market.retailer.api.get(f"/api/suppliers/{desk.market.supplier.id}/products").json["items"]
    public = next(one for one in offered if one["id"] == str(product))["images"][-1]["url"]
    assert public.endswith(f"/media/{by_hand.sha256}/1600.webp") and public.startswith("http")
    refused = desk.browser.submit(page, "/pictures", file=(BytesIO(SVG), "me.png"), alt="A blue lamp")
    assert refused.status_code == 422 and "Save it as PNG" in problems_in(refused)["file"]
    assert 'value="A blue lamp"' in refused.text, "what was typed stays"
    assert desk.browser.submit(page, "/remove").status_code == 303
    assert [one.uploaded for one in desk.images(product)] == [False]


def test_stores_get_our_picture_where_the_world_reaches_us_by_https(desk: Desk, set_up: Callable[..., None]) -> None:
    desk.server.answers["/a.jpg"] = file(picture())
    product = desk.offer("one", "/a.jpg")
    (image,) = desk.images(product)
    assert image.public_url == f"{desk.url}/a.jpg"
    set_up(public_url="https://crossdock.example")
    assert image.public_url == f"https://crossdock.example/media/{image.sha256}/1600.webp"


def test_an_address_that_nobody_names_is_left_alone(desk: Desk) -> None:
    desk.server.answers.update({"/a.jpg": file(picture()), "/b.jpg": file(picture(colour=(1, 2, 3)))})
    desk.offer("one", "/a.jpg")
    desk.offer("one", "/b.jpg")
    with time_machine.travel(clock.now() + timedelta(days=8), tick=True):
        desk.jobs.run_scheduled("recheck_images")
    assert desk.asked() == ["/a.jpg", "/b.jpg", "/b.jpg"]
    assert desk.addresses()["/a.jpg"].due_at is None


def test_a_crash_before_the_note_costs_a_download_and_nothing_else(desk: Desk) -> None:
    """The files lie there already; the second run writes the same."""
    desk.server.answers["/a.jpg"] = file(picture())
    product = desk.offer("one", "/a.jpg")
    with db.system_scope(actor="test"), db.transaction() as session:
        connection = session.connection()
        connection.exec_driver_sql("update product_images set sha256 = null")
        connection.exec_driver_sql("update image_addresses set state = 'waiting', media_sha256 = null, due_at = now()")
        connection.exec_driver_sql("delete from media")
    desk.jobs.run_scheduled("recheck_images")
    assert desk.images(product)[0].sha256
    with db.system_scope(actor="test"), db.transaction() as session:
        assert len(session.scalars(select(Media)).all()) == 1
