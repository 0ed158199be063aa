"""The live run: what a training process calls. Standard library only."""
