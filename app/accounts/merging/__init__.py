"""Two records of one person or organisation: how they are found, and what points at them."""
