"""The table of runs: what its address means, its columns, and what is done with the runs that match."""
