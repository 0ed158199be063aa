"""The worker of a job: prepares, runs the script, follows its files, and reports its state."""
