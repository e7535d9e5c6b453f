"""What a store should show of a supplier's product, and what it was last known to show."""
