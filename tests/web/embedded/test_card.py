"""Saving a card from inside Shopify's admin: the processor's page takes the whole window, and leads back in."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from app import db
from app.settlement import queries as settlement
from app.stores import queries as stores
from tests.market import stripe_simulator, stripe_url
from tests.web.embedded.conftest import Admin

__all__ = ["stripe_simulator", "stripe_url"]


def test_a_card_is_saved_without_leaving_the_admin_for_good(admin: Admin, stripe_url: str) -> None:
    assert admin.load("/shopify/").status_code == 200
    sent = admin.fetch("/shopify/billing/card", method="POST")
    assert sent.status_code == 200, sent.text[:300]
    page = sent.headers["X-Open-Top"]
    assert page.startswith(stripe_url)
    left = admin.load("/shopify/billing?setup=left-before-its-end")
    assert left.status_code == 303
    assert "The card is not saved yet" in admin.fetch(left.headers["Location"]).text
    back = requests.post(page, data={"card": "pm_card_visa"}, allow_redirects=False, timeout=5).headers["Location"]
    parts = urlsplit(back)
    handle = admin.domain.removesuffix(".myshopify.com")
    assert back.startswith(f"{admin.control.url}/store/{handle}/apps/crossdock/billing?")
    returned = admin.load(f"/shopify/billing?{parts.query}")
    assert returned.status_code == 303
    assert "card is saved" in admin.fetch(returned.headers["Location"]).text
    with db.system_scope(actor="test"), db.transaction() as session:
        store = stores.store_by_shop(session, "shopify", admin.domain)
        assert store is not None
        profile = settlement.payment_profile(session, store.retailer_id)
        assert profile is not None
        assert profile.method_label
