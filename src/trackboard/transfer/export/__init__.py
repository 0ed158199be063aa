"""Runs for other programs and for people: tables as CSV and Parquet, reports as HTML.

Whatever is written comes whole under its name, or not at all. Points are read a chunk at a time, so that
millions of them are never in memory at once.
"""
