"""Engines that can run a worker."""
