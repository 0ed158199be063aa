"""What each answer of the server passes on its way out: compression, and what browsers are told."""
