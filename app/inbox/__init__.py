"""What came in from outside, kept once: hooks as received, and API requests with an idempotency key."""
