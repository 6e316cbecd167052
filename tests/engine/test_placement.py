"""What jobs need of nodes, and what becomes of those that fit nowhere."""

from dataclasses import replace

import pytest
from tiny import Tiny

from infoplane.engine import placement
from infoplane.engine.job import Job
from infoplane.engine.placement import Misfits, holds, needs_of
from infoplane.values.errors import InfoplaneWarning

SMALL = {"CPU": 2.0, "memory": 4e9}
BIG = {"CPU": 16.0, "GPU": 4.0, "memory": 64e9}


class OnGpu(Tiny):
    device = "cuda:0"


def test_what_a_job_needs_follows_from_its_device_unless_it_is_said():
    cpu = Job.of(Tiny())
    gpu = replace(cpu, experiment=OnGpu())
    assert needs_of(cpu, threads=2, gpus=None, memory=None) == {"CPU": 2.0}
    assert needs_of(gpu, threads=1, gpus=None, memory=None) == {"CPU": 1.0, "GPU": 1.0}
    assert needs_of(gpu, threads=1, gpus=0.0, memory=None) == {"CPU": 1.0}
    half = {"CPU": 1.0, "GPU": 0.5, "memory": 10.0}
    assert needs_of(cpu, threads=1, gpus=0.5, memory=10) == half


def test_a_node_holds_a_job_if_it_has_as_much_of_everything():
    assert holds(SMALL, {"CPU": 2.0}) and holds(BIG, {"CPU": 1.0, "GPU": 4.0})
    assert not holds(SMALL, {"CPU": 3.0}) and not holds(SMALL, {"CPU": 1.0, "GPU": 0.5})


def test_a_job_that_fits_nowhere_is_said_waited_for_and_given_up(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(placement.time, "monotonic", lambda: now[0])
    waiting = Misfits(patience=10.0)
    needs = {"fits": {"CPU": 1.0}, "not": {"CPU": 1.0, "GPU": 1.0, "memory": 2e9}}
    with pytest.warns(InfoplaneWarning, match="1 GPU.*Waiting 10 s"):
        assert waiting.given_up(needs, [SMALL]) == {}
    now[0] = 9.0
    assert waiting.given_up(needs, [SMALL]) == {}  # and is said only once
    now[0] = 10.0
    ((task, words),) = waiting.given_up(needs, [SMALL]).items()
    assert task == "not"
    assert "needs 1 CPU, 1 GPU, 2 GB of memory" in words
    assert "the most that one has is 2 CPU, 0 GPU, 4 GB of memory" in words


def test_a_bigger_node_ends_the_waiting(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(placement.time, "monotonic", lambda: now[0])
    waiting = Misfits(patience=10.0)
    needs = {"a": {"GPU": 1.0}}
    with pytest.warns(InfoplaneWarning):
        waiting.given_up(needs, [SMALL])
    now[0] = 8.0
    assert waiting.given_up(needs, [SMALL, BIG]) == {}
    now[0] = 12.0
    with pytest.warns(InfoplaneWarning):  # its patience begins anew
        assert waiting.given_up(needs, [SMALL]) == {}
