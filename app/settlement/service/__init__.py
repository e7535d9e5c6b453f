"""Changes of money: charging, refunding, earning, paying out, and reconciling. Calls to the processor happen
between two transactions: one that stores what will be asked and its key, one that stores the answer."""

from app.settlement.service.by_hand import mark_paid_out, mark_received
from app.settlement.service.carrying import settle_along
from app.settlement.service.charging import (
    cancel_unpaid_charge,
    fail_without_method,
    plan_charge,
    record_charge,
    retry_held_charges,
)
from app.settlement.service.crediting import book_credit_memo
from app.settlement.service.deciding import (
    carry_out,
    follow_backorders,
    follow_changes,
    follow_prices,
    follow_rejections,
    follow_silence,
    try_waiting,
)
from app.settlement.service.earning import earn, make_payable
from app.settlement.service.paying_out import (
    PayoutPlan,
    hold_payout,
    plan_payout,
    record_payout,
    schedule_payouts,
)
from app.settlement.service.plans import ChargePlan
from app.settlement.service.profiles import (
    record_account,
    record_customer,
    record_method,
    start_setup,
)
from app.settlement.service.reconciling import reconcile, record_balance_lines
from app.settlement.service.refunding import RefundPlan, let_off, plan_refund, record_refund, withdraw
from app.settlement.service.supplements import plan_supplement
from app.settlement.service.withdrawing import withdraw_lines

__all__ = [
    "ChargePlan",
    "PayoutPlan",
    "RefundPlan",
    "book_credit_memo",
    "cancel_unpaid_charge",
    "carry_out",
    "earn",
    "fail_without_method",
    "follow_backorders",
    "follow_changes",
    "follow_prices",
    "follow_rejections",
    "follow_silence",
    "hold_payout",
    "let_off",
    "make_payable",
    "mark_paid_out",
    "mark_received",
    "plan_charge",
    "plan_payout",
    "plan_refund",
    "plan_supplement",
    "reconcile",
    "record_account",
    "record_balance_lines",
    "record_charge",
    "record_customer",
    "record_method",
    "record_payout",
    "record_refund",
    "retry_held_charges",
    "schedule_payouts",
    "settle_along",
    "start_setup",
    "try_waiting",
    "withdraw",
    "withdraw_lines",
]
