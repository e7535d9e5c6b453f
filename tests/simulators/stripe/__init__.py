"""A stateful Stripe: what the published OpenAPI allows, with balances that add up and hooks that are signed."""
