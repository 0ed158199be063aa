"""The parts of `Run`; standard library only, and fit for Python 3.9, until something is read back."""
