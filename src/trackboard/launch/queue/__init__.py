"""The queue of jobs: who runs next, on which node, and what became of submissions that were interrupted."""
