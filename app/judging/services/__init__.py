"""What changes in judging: each function is one use case in one transaction."""
