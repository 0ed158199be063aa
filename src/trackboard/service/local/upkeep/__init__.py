"""Looking after a workspace: the condition that it is in, and what was deleted in it."""
