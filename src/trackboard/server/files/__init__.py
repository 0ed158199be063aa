"""Files of runs for people: as a tree, looked into as far as a page has room for, and as one zip."""
