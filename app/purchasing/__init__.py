"""Purchase orders: which supplier ships which line, telling it, and what it answers."""
