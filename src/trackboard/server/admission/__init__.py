"""Whom the server answers, and what it sends along with each answer; the same rules as a board's."""
