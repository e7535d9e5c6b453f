"""The kinds of exceptions; adding one is adding a file."""
