"""What programs ask, below `/api/v1/`: each question is an `Operation`, the document is made of them."""
