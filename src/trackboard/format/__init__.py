"""Sizes, counts, times and durations in words, the same wherever people read them."""
