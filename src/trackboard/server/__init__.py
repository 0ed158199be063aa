"""The server of `trackboard up`: one process that shows all of a workspace, on one port.

    admission   whom it answers, which requests it takes, what its answers tell browsers to keep to
    api         the questions that programs ask, as JSON, and the document that describes them
    tensorboard the real TensorBoard, opened when somebody first asks for it
    process     the process: where it listens, how it ends

It asks a `Service` and nothing below: what a run is, is answered there, for all who ask.
"""
