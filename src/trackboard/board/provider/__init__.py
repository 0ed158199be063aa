"""The data provider that TensorBoard's plugins ask: the history's numbers, merged with event files."""
