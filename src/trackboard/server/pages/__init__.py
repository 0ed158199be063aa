"""Pages for people: made here, whole, so that they work without script."""
