"""The processes that trackboard starts: the workers of jobs and TensorBoard, each put together here.

And what a TensorBoard that others start loads of ours: `tensorboard_plugin`, and the data served there.
"""
