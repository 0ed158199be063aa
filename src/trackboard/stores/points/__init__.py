"""Series and their points in SQL: append, read back, sample."""
