"""Inside Shopify's admin, too, an address can't make a page say anything but our own sentences."""

from __future__ import annotations

from tests.web.embedded.conftest import Admin


def test_only_our_own_sentences_are_shown(admin: Admin) -> None:
    assert admin.load("/shopify/").status_code == 200
    assert '<s-banner tone="success" heading="Saved.">' in admin.fetch("/shopify/orders?done=saved").text
    for crafted in ("Call+555+0100", "Saved.", "nothing"):
        assert 'tone="success" heading' not in admin.fetch(f"/shopify/orders?done={crafted}").text
