"""Complete files, kept by content."""
