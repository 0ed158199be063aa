"""The processes that trackboard starts: the workers of jobs and TensorBoard, each put together here."""
