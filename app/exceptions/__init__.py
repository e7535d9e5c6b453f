"""Exceptions: every stuck thing of orders in one place, with its reason, its age and who has the ball."""
