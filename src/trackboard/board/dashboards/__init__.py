"""What each dashboard besides Scalars gets: texts, tables, files such as images, PR curves, HParams."""
