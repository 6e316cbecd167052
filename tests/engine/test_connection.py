"""The way to a Ray cluster: found, refused at once, or lost; no cluster is started here."""

import socket
import sys
from types import ModuleType

import pytest
import ray
from tiny import Tiny

from infoplane.engine import connection
from infoplane.engine.cluster import RayCluster
from infoplane.engine.driver import jobs_of
from infoplane.engine.job import Terms
from infoplane.values.errors import InfoplaneError


@pytest.fixture
def nowhere():
    """An address at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def test_a_cluster_that_is_not_there_is_refused_at_once(nowhere, tmp_path, monkeypatch):
    monkeypatch.setattr(ray, "init", lambda **_: pytest.fail("Ray would try for minutes"))

    def asked(address):
        return list(RayCluster(address).outcomes(jobs_of([Tiny()]), Terms(tmp_path), print))

    with pytest.raises(InfoplaneError, match=f"No Ray cluster answers at {nowhere}"):
        asked(nowhere)
    monkeypatch.setenv("RAY_ADDRESS", nowhere)
    for address in (None, "auto"):
        with pytest.raises(InfoplaneError, match="answers"):
            asked(address)


def test_the_head_is_found_as_ray_finds_it(nowhere, tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    assert connection.head(None) is None
    with pytest.raises(InfoplaneError, match="ray start --head"):
        connection.head("auto")
    (tmp_path / "ray").mkdir()
    record = tmp_path / "ray" / "ray_current_cluster"
    record.write_text(nowhere)  # of a cluster that was killed
    assert connection.head(None) is None
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = f"127.0.0.1:{server.getsockname()[1]}"
        record.write_text(there)
        assert connection.head(None) == connection.head("auto") == there
        assert connection.head("local") is None
        monkeypatch.setenv("RAY_ADDRESS", nowhere)
        assert connection.head(there) == there


@pytest.mark.parametrize("address", ["ray://head:10001", "http://head:8265"])
def test_an_address_of_another_kind_is_explained(address):
    with pytest.raises(InfoplaneError, match="a machine of the cluster"):
        connection.head(address)


@pytest.mark.parametrize(
    ("asked", "there", "same"),
    [
        ("192.0.2.1:6379", "192.0.2.1:6379", True),
        ("192.0.2.1:6380", "192.0.2.1:6379", False),
        ("192.0.2.2:6379", "192.0.2.1:6379", False),
        ("localhost:6379", "127.0.0.1:6379", True),
        ("127.0.0.1:6379", "this machine:6379", True),
        ("127.0.0.1:6380", "this machine:6379", False),
        ("local", "127.0.0.1:6379", False),
        ("no.such.host.invalid:6379", "127.0.0.1:6379", False),
    ],
)
def test_two_addresses_are_of_one_head_or_not(asked, there, same):
    own = ray.util.get_node_ip_address()
    assert connection.same(asked, there.replace("this machine", own)) is same


def test_a_ray_that_calls_its_words_otherwise_is_let_be(monkeypatch):
    worker = ModuleType("ray._private.worker")
    monkeypatch.setitem(sys.modules, "ray._private.worker", worker)
    with connection.quiet():
        assert not hasattr(worker, "_worker_logs_enabled")
    worker._worker_logs_enabled = True
    with connection.quiet():
        assert worker._worker_logs_enabled is False
    assert worker._worker_logs_enabled is True
    monkeypatch.delitem(sys.modules, "ray._private.worker")
    with connection.quiet():
        pass


def test_a_head_that_falls_silent_ends_the_sweep_with_the_remedy(monkeypatch):
    monkeypatch.setattr(connection, "PULSE", 0.0)
    monkeypatch.setattr(connection, "SILENCE", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        pulse = object.__new__(connection.Pulse)
        pulse.alive, pulse._looked, pulse._answered = True, 0.0, 0.0
        pulse._address = f"127.0.0.1:{server.getsockname()[1]}"
        assert pulse.felt()
    with pytest.raises(InfoplaneError, match="same command again"):
        pulse.felt()
    assert not pulse.alive
