"""Where a workspace is, and what its settings say."""
