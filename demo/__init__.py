"""The demo: a whole installation on this machine, with simulated outside parties, and the loop driven through it."""
