"""The processes of a job: commands and variables of its ranks, started together and ended together."""
