"""The environments that are kept on this machine, and the locks of the jobs that use them."""
