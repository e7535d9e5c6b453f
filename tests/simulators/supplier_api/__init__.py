"""A simulated supplier's order system."""
