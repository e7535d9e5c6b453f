"""Stock: how much there is, what is set aside for orders, and every move in between."""
