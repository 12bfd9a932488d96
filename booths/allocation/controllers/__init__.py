"""Allocation over HTTP."""
