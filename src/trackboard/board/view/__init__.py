"""Which runs one page shows, and what they are called."""
