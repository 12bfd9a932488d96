"""What sales does."""
