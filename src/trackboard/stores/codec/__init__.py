"""Points as bytes: columns, chunks with a checksum, and the points that stand for a long series."""
