"""`azureml.core.authentication`: accepted wherever the SDK took it: there is nothing to sign in to.

What is given is not kept, so that no secret is stored or shown. Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, NoReturn, Optional

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.exceptions._tree import AuthenticationException

__getattr__ = other_names(__name__)


class AbstractAuthentication:
    """*Accepted*, like all of its kind.

    Args:
        cloud: Accepted.
    """

    def __init__(self, cloud: Optional[str] = None) -> None:
        pass

    def get_authentication_header(self) -> Dict[str, str]:
        """Return no header: nobody asks for one."""
        return {}

    def get_token(self, *scopes: str, **kwargs: Any) -> NoReturn:
        """Refused: there are no tokens.

        Raises:
            AuthenticationException: Always.
        """
        raise AuthenticationException(
            f"{type(self).__name__}.get_token(...): there is nothing to sign in to, and nobody gives tokens."
            " For other services of Azure use the package azure-identity."
        )

    def signed_session(self, session: Optional[object] = None) -> NoReturn:
        """Refused, like `get_token`."""
        self.get_token()


class InteractiveLoginAuthentication(AbstractAuthentication):
    """*Accepted*; nobody is asked to sign in."""

    def __init__(
        self, force: bool = False, tenant_id: Optional[str] = None, cloud: Optional[str] = None
    ) -> None:
        super().__init__(cloud)


class AzureCliAuthentication(AbstractAuthentication):
    """*Accepted*; the command `az` is not needed."""


class MsiAuthentication(AbstractAuthentication):
    """*Accepted*."""

    def __init__(self, cloud: Optional[str] = None, **kwargs: Any) -> None:
        super().__init__(cloud)


class ServicePrincipalAuthentication(AbstractAuthentication):
    """*Accepted*."""

    def __init__(
        self,
        tenant_id: Optional[str],
        service_principal_id: Optional[str],
        service_principal_password: Optional[str],
        cloud: str = "AzureCloud",
        _enable_caching: bool = True,
    ) -> None:
        super().__init__(cloud)


class ArmTokenAuthentication(AbstractAuthentication):
    """*Accepted*."""

    def __init__(self, arm_access_token: str, cloud: Optional[str] = None) -> None:
        super().__init__(cloud)

    def update_arm_access_token(self, new_arm_access_token: str) -> None:
        """*Accepted*."""


class TokenAuthentication(AbstractAuthentication):
    """*Accepted*; the function is not called."""

    def __init__(
        self, get_token_for_audience: Callable[..., str], cloud: Optional[str] = None
    ) -> None:
        super().__init__(cloud)


class AzureMLTokenAuthentication(AbstractAuthentication):
    """*Accepted*."""

    def __init__(self, azureml_access_token: str, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    @classmethod
    def create(
        cls, azureml_access_token: str, *args: Any, **kwargs: Any
    ) -> AzureMLTokenAuthentication:
        """Return one."""
        return cls(azureml_access_token)

    def set_token(self, token: str, expiry_time: Optional[object] = None) -> None:
        """*Accepted*."""
