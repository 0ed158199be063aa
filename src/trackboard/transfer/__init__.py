"""What comes into a workspace from elsewhere, and what leaves it: import, copies, tables, backups.

What is imported goes the way of the stream: as batches of a writer whose id follows from the run's, each with
its position. So everything is stored once, whoever is killed in between, and importing again goes on from
there. `run_source` says what an importer needs of a source; `sources` has one of each kind.
"""
