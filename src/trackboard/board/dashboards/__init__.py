"""What each dashboard besides Scalars gets: texts, tables, images, PR curves, HParams."""
