"""A supplier's own products, all of them: looking through them and changing many at once."""
