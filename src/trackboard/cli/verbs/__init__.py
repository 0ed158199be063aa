"""The verbs of the command: each reads its words, asks the service, and prints lines of text."""
