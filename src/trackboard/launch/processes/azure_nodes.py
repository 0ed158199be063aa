"""Variables that nodes of Azure had, which scripts read without a default to find each other.

What a user sets goes before all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
_NO_LOOPBACK = "^docker0,lo"  # as Azure's nodes said it


def node_variables(addresses: Sequence[str], port: int, node: int) -> dict[str, str]:
    """Say where the nodes of a job are, as Azure's batch service and its common runtime said it.

    Args:
        addresses: One for each node.
        port: That the first one is asked at.
        node: Which of them it is said to.
    """
    first = addresses[0]
    is_one_machine = len({*addresses}) == 1
    return {
        "AZ_BATCHAI_JOB_MASTER_NODE_IP": first,
        "AZ_BATCHAI_MPI_MASTER_NODE": first,
        "AZ_BATCHAI_TASK_INDEX": str(node),
        "AZ_BATCH_HOST_LIST": ",".join(addresses),
        "AZ_BATCH_MASTER_NODE": f"{first}:{port}",
        "AZUREML_CR_NODE_RANK": str(node),
        "NCCL_SOCKET_IFNAME": _LOOPBACK if is_one_machine else _NO_LOOPBACK,
    }
