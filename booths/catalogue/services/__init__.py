"""What the catalogue does."""
