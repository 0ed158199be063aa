"""Who is told what: the variables that launchers are known for."""

import json
import socket
from pathlib import Path

import pytest

from trackboard.errors import UsageError
from trackboard.launch.processes.azure_nodes import node_variables
from trackboard.launch.processes.ranks import Rank, list_logs, make_ranks
from trackboard.layout import JobPaths
from trackboard.model import Distribution, EnvironmentPlan, JobPlan, Launcher, ResourceLimits, RunId

_ARGV = ("python", "train.py")


def _plan(together: Distribution | None) -> JobPlan:
    environment = EnvironmentPlan()
    return JobPlan(
        RunId("r"), "e", "/w", "c", "s", ("x",), environment, {}, 0.0, distribution=together
    )


def _make(
    folder: Path, together: Distribution | None, *node_limits: ResourceLimits, **variables: str
) -> tuple[Rank, ...]:
    return make_ranks(
        _plan(together), _ARGV, {"COLOUR": "blue", **variables}, node_limits, JobPaths(folder)
    )


def _names(files: dict[str, Path]) -> dict[str, str]:
    return {path: file.name for path, file in files.items()}


def _column(ranks: tuple[Rank, ...], name: str) -> list[str]:
    return [rank.variables[name] for rank in ranks]


def test_one_process(tmp_path: Path) -> None:
    limits = ResourceLimits(cpus=2, gpus=("1",))
    (rank,) = _make(tmp_path, None, limits)
    assert (rank.name, rank.argv, rank.console) == ("the script", _ARGV, "console.txt")
    given = {"COLOUR": "blue", "OMP_NUM_THREADS": "2", "CUDA_VISIBLE_DEVICES": "1"}
    assert rank.variables == given
    assert _names(list_logs(_plan(None), JobPaths(Path()))) == {
        "user_logs/std_log.txt": "console.txt"
    }


def test_pytorch_on_two_nodes(tmp_path: Path) -> None:
    together = Distribution(Launcher.PYTORCH, processes=4, nodes=2)
    node_limits = [ResourceLimits(cpus=4, gpus=("0", "1")), ResourceLimits(cpus=4, gpus=("2", "3"))]
    ranks = _make(tmp_path, together, *node_limits, RANK="of the client")
    assert [rank.name for rank in ranks] == ["rank 0", "rank 1", "rank 2", "rank 3"]
    assert {rank.argv for rank in ranks} == {_ARGV}
    assert _column(ranks, "RANK") == ["0", "1", "2", "3"]
    assert _column(ranks, "LOCAL_RANK") == ["0", "1", "0", "1"]
    assert _column(ranks, "NODE_RANK") == ["0", "0", "1", "1"]
    assert _column(ranks, "LOCAL_WORLD_SIZE") == ["2"] * 4
    assert _column(ranks, "WORLD_SIZE") == ["4"] * 4
    assert _column(ranks, "CUDA_VISIBLE_DEVICES") == ["0,1", "0,1", "2,3", "2,3"]
    assert _column(ranks, "OMP_NUM_THREADS") == ["2"] * 4
    assert _column(ranks, "COLOUR") == ["blue"] * 4
    assert len({*_column(ranks, "MASTER_ADDR")}) == len({*_column(ranks, "MASTER_PORT")}) == 1


def test_more_processes_than_divide_evenly(tmp_path: Path) -> None:
    ranks = _make(tmp_path, Distribution(Launcher.PYTORCH, processes=5, nodes=2))
    assert _column(ranks, "NODE_RANK") == ["0", "0", "0", "1", "1"]
    assert _column(ranks, "LOCAL_RANK") == ["0", "1", "2", "0", "1"]
    assert _column(ranks, "LOCAL_WORLD_SIZE") == ["3", "3", "3", "2", "2"]


def test_the_port_of_the_first_is_free(tmp_path: Path) -> None:
    (rank, _) = _make(tmp_path, Distribution(Launcher.PYTORCH, processes=2))
    place = rank.variables["MASTER_ADDR"], int(rank.variables["MASTER_PORT"])
    with socket.create_server(place):
        pass


def test_tensorflow(tmp_path: Path) -> None:
    together = Distribution(Launcher.TENSORFLOW, processes=3, nodes=2, parameter_servers=1)
    ranks = _make(tmp_path, together, ResourceLimits(gpus=("0",)), ResourceLimits(gpus=("1",)))
    assert [rank.name for rank in ranks] == ["worker 0", "worker 1", "parameter server 0"]
    assert [rank.is_server for rank in ranks] == [False, False, True]
    configs = [json.loads(text) for text in _column(ranks, "TF_CONFIG")]
    assert [config["task"] for config in configs] == [
        {"type": "worker", "index": 0},
        {"type": "worker", "index": 1},
        {"type": "ps", "index": 0},
    ]
    cluster = configs[0]["cluster"]
    assert all(config["cluster"] == cluster for config in configs)
    assert [len(cluster["worker"]), len(cluster["ps"])] == [2, 1]
    assert len({*cluster["worker"], *cluster["ps"]}) == 3
    assert _column(ranks, "CUDA_VISIBLE_DEVICES") == ["0", "1", "0"]


def test_tensorflow_without_servers(tmp_path: Path) -> None:
    ranks = _make(tmp_path, Distribution(Launcher.TENSORFLOW, processes=2, nodes=2))
    assert "ps" not in json.loads(ranks[0].variables["TF_CONFIG"])["cluster"]


def test_logs_of_several(tmp_path: Path) -> None:
    together = Distribution(Launcher.PYTORCH, processes=2)
    assert _names(list_logs(_plan(together), JobPaths(Path()))) == {
        "user_logs/std_log.txt": "console.txt",
        "user_logs/std_log_process_0.txt": "console.txt",
        "user_logs/std_log_process_1.txt": "console-1.txt",
    }
    assert [rank.console for rank in _make(tmp_path, together)] == ["console.txt", "console-1.txt"]


def test_mpi(tmp_path: Path) -> None:
    mpirun = tmp_path / "mpirun"
    mpirun.touch(mode=0o755)
    together = Distribution(Launcher.MPI, processes=3)
    choice = {"OMPI_MCA_hwloc_base_binding_policy": "core"}  # the user's
    (rank,) = _make(tmp_path, together, ResourceLimits(cpus=6), PATH=str(tmp_path), **choice)
    assert rank.argv[:3] == (str(mpirun), "-n", "3")
    assert rank.argv[-2:] == _ARGV
    assert rank.variables["OMP_NUM_THREADS"] == "2"
    assert rank.variables["AZ_BATCHAI_MPI_MASTER_NODE"] == "127.0.0.1"
    assert rank.variables["OMPI_MCA_hwloc_base_binding_policy"] == "core"
    assert rank.variables["OMPI_MCA_rmaps_base_oversubscribe"] == "1"


def test_mpi_without_mpirun(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no mpirun on the job's PATH"):
        _make(tmp_path, Distribution(Launcher.MPI, processes=2), PATH=str(tmp_path))


AZURE = (
    "AZ_BATCHAI_JOB_MASTER_NODE_IP",
    "AZ_BATCHAI_MPI_MASTER_NODE",
    "AZ_BATCHAI_TASK_INDEX",
    "AZ_BATCH_HOST_LIST",
    "AZ_BATCH_MASTER_NODE",
    "AZUREML_CR_NODE_RANK",
    "NCCL_SOCKET_IFNAME",
)


@pytest.mark.parametrize("launcher", Launcher)
def test_what_azures_nodes_had(tmp_path: Path, launcher: Launcher) -> None:
    (tmp_path / "mpirun").touch(mode=0o755)
    together = Distribution(launcher, processes=2, nodes=2)
    mine = {"PATH": str(tmp_path), "NCCL_SOCKET_IFNAME": "eth7"}
    for rank in _make(tmp_path, together, PATH=str(tmp_path)):
        found = {name: rank.variables[name] for name in AZURE}
        host, port = found["AZ_BATCH_MASTER_NODE"].split(":")
        assert (host, found["AZ_BATCH_HOST_LIST"]) == ("127.0.0.1", "127.0.0.1,127.0.0.1")
        assert rank.variables.get("MASTER_PORT", port) == port
        assert found["AZ_BATCHAI_JOB_MASTER_NODE_IP"] == found["AZ_BATCHAI_MPI_MASTER_NODE"] == host
        assert found["AZ_BATCHAI_TASK_INDEX"] == found["AZUREML_CR_NODE_RANK"] == str(rank.node)
        assert found["NCCL_SOCKET_IFNAME"] in ("lo", "lo0")
    for rank in _make(tmp_path, together, **mine):
        assert rank.variables["NCCL_SOCKET_IFNAME"] == "eth7", "what the user says"


def test_nodes_on_several_machines_do_not_talk_by_the_loopback() -> None:
    said = node_variables(["192.0.2.1", "192.0.2.2"], 7, 1)

    assert said["NCCL_SOCKET_IFNAME"] == "^docker0,lo"
    assert said["AZ_BATCH_HOST_LIST"] == "192.0.2.1,192.0.2.2"
    assert said["AZ_BATCH_MASTER_NODE"] == "192.0.2.1:7"
    assert said["AZUREML_CR_NODE_RANK"] == "1"
