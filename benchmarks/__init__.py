"""Throughput and latency, each beside a baseline on the same machine in the same run."""
