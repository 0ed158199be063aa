"""Ways into a workspace on this machine and out of it."""
