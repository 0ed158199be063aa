"""The contract of a store, and what goes into it and comes out."""
