"""What environments and run configurations consist of: groups of settings, and lines that name packages."""
