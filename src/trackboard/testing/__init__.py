"""Contract suites that any Store, Blobs or Target can be held against."""
