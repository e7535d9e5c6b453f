"""Facts to be told: written in the transaction that made them true, then fanned out into tasks for jobs."""
