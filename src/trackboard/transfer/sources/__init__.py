"""Where runs are imported from, a module for each kind, and `opening`, which tells them apart."""
