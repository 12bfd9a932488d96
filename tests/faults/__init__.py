"""Faults on purpose: processes are killed under load, and what was acknowledged must be there afterwards."""
