"""What check-in does."""
