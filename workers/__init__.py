"""Work in the background: the relay that tells facts, the jobs that hear them, the clock, the runner."""
