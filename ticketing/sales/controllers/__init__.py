"""Pages and API of sales."""
