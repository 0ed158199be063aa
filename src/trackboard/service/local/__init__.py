"""A service that answers from a workspace on this machine; each part is loaded when it is first asked."""
