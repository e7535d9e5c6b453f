"""Double entry: every movement of money is an entry whose postings sum to zero in each currency."""
