import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn
from torch.utils.tensorboard import SummaryWriter

import infoplane as ip
from infoplane.watching.tensorboard import scalars, writer_of

X, Y = torch.randn(40, 5), torch.arange(40) % 3
PROBES = {"train": (X[:20], Y[:20]), "test": (X[20:], Y[20:])}


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Sigmoid())


def watched(probe, board, **options):
    model = network()
    with ip.watch(
        model, probe, batches=2, listeners=[board], every=ip.EvenlySpaced(3), updates=2, **options
    ) as w:
        for step in range(2):
            with torch.no_grad():
                model[0].weight.mul_(1.5)
            w.step(loss=float(step))
    return w.trace


def read(folder):
    """Every tag with its steps and values, as TensorBoard reads them."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def expected(values):
    """Steps and single-precision means of a series along snapshots; of p-values the largest."""
    if "batch" not in values.dims:
        one = values
    else:
        one = values.max("batch") if values.name.endswith("_p") else values.mean("batch")
    pairs = zip(values["step"].values.tolist(), one.values.astype(np.float32), strict=True)
    return [(step, float(value)) for step, value in pairs if not np.isnan(value)]


def test_the_event_file_says_what_the_trace_says(tmp_path):
    with ip.TensorBoardRows(tmp_path) as board:
        trace = watched((X, Y), board, permutations=3)
    found = read(tmp_path)
    assert found.pop("loss") == expected(trace["loss"]) == [(1, 0.0), (2, 1.0)]
    for tag, series in found.items():
        name, *places = tag.split("/")
        values = trace[name]
        if "estimator" in values.dims:
            values = values.sel(estimator=places.pop(0))
        if "layer" in values.dims:
            values = values.sel(layer=places.pop(0))
        assert not places and series == expected(values), tag
    assert {"I_XT/tapia/0", "I_TY_null/silverman/2", "I_XY/tapia", "norm_T/1"} <= set(found)
    assert {"I_XT_p/tapia/0", "I_XY_p/silverman"} <= set(found)
    assert not any(np.isnan(value) for series in found.values() for _, value in series)


def test_several_probes_are_told_apart(tmp_path):
    with ip.TensorBoardRows(str(tmp_path)) as board:
        trace = watched(PROBES, board)
    found = read(tmp_path)
    for side in PROBES:
        for layer in ("0", "1"):
            values = trace["I_TY"].sel(estimator="tapia", layer=layer, probe=side)
            assert found[f"I_TY/tapia/{layer}/{side}"] == expected(values)
        assert found[f"norm_T/0/{side}"] == expected(trace["norm_T"].sel(layer="0", probe=side))


def test_every_row_is_there_at_once(tmp_path):
    board = ip.TensorBoardRows(tmp_path)
    flow = ip.watch(network(), (X, Y), batches=2, listeners=[board]).flow
    flow.look(0)
    assert len(read(tmp_path)["I_XT/tapia/0"]) == 1
    flow.look(5)
    assert [step for step, _ in read(tmp_path)["I_XT/tapia/0"]] == [0, 5]
    board.close()


def test_a_writer_of_one_s_own_stays_open(tmp_path):
    with SummaryWriter(str(tmp_path)) as writer:
        with ip.TensorBoardRows(writer) as board:
            watched((X, Y), board)
        writer.add_scalar("mine", 3.0, 9)
    found = read(tmp_path)
    assert found["mine"] == [(9, 3.0)] and len(found["I_XT/tapia/0"]) == 3


def test_no_two_numbers_have_one_tag():
    flow = ip.watch(network(), PROBES, batches=2, permutations=2).flow
    tags = [tag for tag, _ in scalars(flow.look(0))]
    assert len(tags) == len(set(tags))


class Half:
    """Writes numbers, but cannot say when they are on disk."""

    def add_scalar(self, tag, scalar_value, global_step):
        pass


@pytest.mark.parametrize("writer", [3, None, Half(), print])
def test_what_is_no_writer_is_refused(writer):
    kind = type(writer).__name__
    words = rf"^TensorBoardRows takes a SummaryWriter or a folder; got a {kind}\.$"
    with pytest.raises(ip.InfoplaneError, match=words):
        writer_of(writer)
