"""Stripe."""

from app.adapters.processors.stripe.adapter import StripeProcessor

ADAPTER = StripeProcessor()
