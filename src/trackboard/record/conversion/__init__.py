"""What is recorded of values of any kind: as scalars, as images, as JSON, and how their files are called.

Values of other libraries are taken by what they can do; only a library that made a value is used on it.
"""
