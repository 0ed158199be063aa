"""The tab *Runs* in TensorBoard, in ours and in any other that shows a history."""
