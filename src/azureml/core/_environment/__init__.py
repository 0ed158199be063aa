"""The parts of `Environment`: its sections, its files, its packages, its names in a workspace."""
