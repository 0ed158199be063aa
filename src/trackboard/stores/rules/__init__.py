"""What every store must agree on, in plain Python: state transitions, names, conditions of queries."""
