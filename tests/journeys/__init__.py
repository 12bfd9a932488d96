"""Journeys: what people do here, in a real browser, on the real service."""
