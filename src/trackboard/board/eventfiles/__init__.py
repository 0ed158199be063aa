"""Native event files: found, linked under their runs' names, read by TensorBoard's own reader."""
