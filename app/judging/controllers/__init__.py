"""Pages and the API of judging, by who uses them."""
