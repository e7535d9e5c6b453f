from sqlalchemy.orm import Session

from app.purchasing.service import place_order, release_purchase_orders
from tests import factories as make


def test_an_order_is_placed(session: Session) -> None:
    shop = make.retailer(session)
    one, two = make.supplier(session, "One"), make.supplier(session, "Two")
    [lamp] = make.product(session, one)
    [cup] = make.product(session, two)
    placed = place_order(session, make.order_of(shop, {lamp: 2, cup: 3}))
    assert placed.created
    assert release_purchase_orders(session, placed.order_id) == 2
