"""Series as TensorBoard knows them: their points, how many of them, and what their authors declared."""
