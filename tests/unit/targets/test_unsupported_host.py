from __future__ import annotations

import socket

import pytest

from trackboard.config.machine_address import host_of, is_this_machine


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("me@there.example.org:22", "there.example.org"),
        ("there", "there"),
        ("there:22", "there"),
        ("me@[::1]:22", "::1"),
        ("fe80::1", "fe80::1"),
        ("me@10.0.0.1:22", "10.0.0.1"),
    ],
)
def test_the_host_of_an_address(address: str, host: str) -> None:
    assert host_of(address) == host


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]", socket.gethostname()]
)
def test_this_machine(host: str) -> None:
    assert is_this_machine(f"me@{host}:22")


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "gpu.example.org", "localhost.x"])
def test_other_machines(host: str) -> None:
    assert not is_this_machine(f"me@{host}:22")
