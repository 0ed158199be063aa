"""The SDK's inside of this name: scripts say who they are by `user_agent.append`."""

from azureml import _guard as _guard
from azureml._finder import other_names

__getattr__ = other_names(__name__)
