"""Finding products among millions: the entries that are searched, the words that are known, and what was counted."""
