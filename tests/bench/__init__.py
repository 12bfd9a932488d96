"""Benchmarks: what the service does, measured from outside."""
