"""From requirements to exact versions for one interpreter, or to the nearest that have wheels."""
