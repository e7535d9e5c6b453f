"""Product files: how they are read, what they would change, and applying them."""
