"""Who did what, and who looked at whom: append-only, sealed in hash-chained batches per organisation."""
