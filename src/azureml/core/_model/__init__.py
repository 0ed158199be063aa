"""The parts of `Model`: its files, and changes of a registered version."""
