"""Which supplier delivers what of an order: links, rules, the choice, and why it fell so."""
