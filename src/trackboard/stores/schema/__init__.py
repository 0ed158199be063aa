"""The tables, the version of their layout, and the steps from older versions."""
