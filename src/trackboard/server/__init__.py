"""The server of `trackboard up`: one process that shows all of a workspace, on one port.

    api         the questions that programs ask, as JSON, and the document that describes them
    tensorboard the real TensorBoard, opened when somebody first asks for it
    beside      the same pages beside a board of `trackboard tb`, whose first page is TensorBoard
    process     the process: where it listens, how it ends

Whom it answers, and which requests it takes, is decided as for boards: `trackboard.board.web`.

It asks a `Service` and nothing below: what a run is, is answered there, for all who ask.
"""
