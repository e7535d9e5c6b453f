"""One tree of categories, Google's by its ids, and where in it each supplier's own categories belong."""
