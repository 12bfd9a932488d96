"""Reads of judging, by what they read."""
