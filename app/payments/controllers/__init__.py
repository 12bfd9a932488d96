"""Pages of the finance desk, and the webhook."""
