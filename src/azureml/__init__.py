"""The import names of the Azure ML SDK v1, answered by trackboard.

Other distributions may live under this name too (`azureml.dataprep`, `azureml.mlflow`), so it stays
extensible. Those that own the same modules as we do may not: see `azureml._guard`.
"""

import sys
from pkgutil import extend_path

if sys.version_info < (
    3,
    8,
):  # an interpreter that was named as it is; what follows would not parse
    raise ImportError(
        "azureml.core of trackboard needs Python 3.9 or newer to record, and this is Python %d.%d. Name a"
        " newer interpreter_path, or leave it out: then an environment is built."
        % sys.version_info[:2]
    )

__trackboard__ = True  # by this the guard knows that `azureml` is ours

from azureml import _guard as _guard
from azureml._finder import install as _install_finders

__path__ = extend_path(__path__, __name__)

_install_finders()
