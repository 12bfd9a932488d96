"""What is no good as a password."""
