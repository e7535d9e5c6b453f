"""Changes of purchase orders: placing and routing orders, releasing, answering, cancelling."""

from app.purchasing.service.acknowledging import acknowledge, mark_processing
from app.purchasing.service.addressing import (
    AddressChange,
    can_change_address,
    change_address,
    take_over_address,
)
from app.purchasing.service.allowing import (
    counts_waiting_for_plan,
    orders_with_a_place,
    retailers_waiting_for_plan,
    waiting_for_plan,
)
from app.purchasing.service.answered_lines import LineAnswer, as_it_stands
from app.purchasing.service.answering import (
    GivenUp,
    accept_request,
    count_silence,
    give_up,
    refuse_request,
    remind,
)
from app.purchasing.service.asking import Asked, ask_to_cancel, cancel_all, withdraw_request
from app.purchasing.service.cancelling import cancel_order, cancel_order_line, let_go_unpaid
from app.purchasing.service.correcting import correct_address, try_again
from app.purchasing.service.following import (
    Followed,
    follow_store_order,
    is_gone_in_store,
    left_units,
    locked_family,
    note_gone_in_store,
    nothing_new,
    supplements_of,
)
from app.purchasing.service.holding import (
    end_fraud_window,
    go_on_within_plan,
    hold_for_risk,
    hold_order,
    release_holds,
)
from app.purchasing.service.linking import follow_link, link_line, say_not_ours
from app.purchasing.service.overtaken import record_cancelled
from app.purchasing.service.paying import Paid, follow_lapse, follow_payment, note_paid
from app.purchasing.service.placing import Placed, place_order, resume_order
from app.purchasing.service.releasing import release_purchase_orders
from app.purchasing.service.returning import note_returned
from app.purchasing.service.sampling import Allowance, SampleQuote, allowance, order_sample, quote_sample
from app.purchasing.service.status import mark_held, refresh_status
from app.purchasing.service.wanted import Line, PlaceOrder

__all__ = [
    "AddressChange",
    "Allowance",
    "Asked",
    "Followed",
    "GivenUp",
    "Line",
    "LineAnswer",
    "Paid",
    "PlaceOrder",
    "Placed",
    "SampleQuote",
    "accept_request",
    "acknowledge",
    "allowance",
    "as_it_stands",
    "ask_to_cancel",
    "can_change_address",
    "cancel_all",
    "cancel_order",
    "cancel_order_line",
    "change_address",
    "correct_address",
    "count_silence",
    "counts_waiting_for_plan",
    "end_fraud_window",
    "follow_lapse",
    "follow_link",
    "follow_payment",
    "follow_store_order",
    "give_up",
    "go_on_within_plan",
    "hold_for_risk",
    "hold_order",
    "is_gone_in_store",
    "left_units",
    "let_go_unpaid",
    "link_line",
    "locked_family",
    "mark_held",
    "mark_processing",
    "note_gone_in_store",
    "note_paid",
    "note_returned",
    "nothing_new",
    "order_sample",
    "orders_with_a_place",
    "place_order",
    "quote_sample",
    "record_cancelled",
    "refresh_status",
    "refuse_request",
    "release_holds",
    "release_purchase_orders",
    "remind",
    "resume_order",
    "retailers_waiting_for_plan",
    "say_not_ours",
    "supplements_of",
    "take_over_address",
    "try_again",
    "waiting_for_plan",
    "withdraw_request",
]
