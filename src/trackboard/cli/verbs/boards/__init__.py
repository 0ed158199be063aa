"""Verbs that show a history in TensorBoard."""
