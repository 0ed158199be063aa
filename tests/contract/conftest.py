import pytest

pytest.register_assert_rewrite("trackboard.testing")

from tests.contract.postgresql_cluster import postgresql  # noqa: E402

__all__ = ["postgresql"]
