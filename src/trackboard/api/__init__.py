"""What people type in Python: a workspace, its runs as tables, and how these look in a notebook.

A thin layer over `trackboard.service`, which answers; `trackboard.Workspace` is the one of here.
"""
