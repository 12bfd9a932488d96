"""Pages and API of check-in."""
