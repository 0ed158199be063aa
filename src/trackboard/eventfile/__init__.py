"""TensorBoard event files, written vectorised and read."""
