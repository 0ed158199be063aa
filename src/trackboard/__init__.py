"""trackboard: the history of machine-learning runs, shown live in the real TensorBoard."""

__version__ = "0.1.0"
