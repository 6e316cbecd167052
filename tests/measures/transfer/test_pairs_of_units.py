"""All pairs at once: the same integers by every way, the same bits as one pair, and the null."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

import infoplane as ip
from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.evidence.null import permutation_p
from infoplane.measures.normal.gaussian import Gaussian
from infoplane.measures.transfer.front import transfer_entropy
from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.pairs import CountedPairs, null_of
from infoplane.measures.transfer.pairwise import pairwise_transfer_entropy
from infoplane.measures.transfer.populations import Populations, populations, transfers, words_of
from infoplane.measures.transfer.published import PublishedSignal
from infoplane.measures.transfer.streaming import TransferStream
from infoplane.measures.transfer.surrogates import (
    BlocksPermuted,
    GivenPast,
    Permuted,
    PermutedWithin,
    Shifted,
)
from infoplane.numerics import coincidences
from infoplane.numerics.binary import Above, AboveMedian, AtLeast
from infoplane.numerics.coincidences import COUNTINGS, Coded, has_numba
from infoplane.quantities.tables import CORRECTIONS
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from oracles.transfer import autoregression, bincount_transfer, flips, later

WAYS = [way for way in COUNTINGS if way != "compiled" or has_numba()]
every_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def r():
    return np.random.default_rng(2)


@given(
    data=st.data(),
    base=st.sampled_from([2, 3]),
    k=st.integers(1, 3),
    l=st.integers(1, 3),
    lag=st.integers(0, 3),
)
@settings(max_examples=25)
def test_every_way_counts_the_same_and_gives_the_bits_of_the_books(data, base, k, l, lag):
    n = data.draw(st.integers(max(k, lag + l - 1) + 1, 150))
    a, b = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    r = np.random.default_rng(data.draw(st.integers(0, 99)))
    x, y = r.integers(0, base, (n, a)), r.integers(0, base, (n, b))
    x[:, 0] = 0  # a dead unit
    words = words_of(torch.from_numpy(x), torch.from_numpy(y), History(k, l, lag), base)
    counts = [populations(words, COUNTINGS[way]) for way in WAYS]
    assert all((one.joint == counts[0].joint).all() for one in counts)
    found = [transfers(counts[0], COUNTINGS[way]) for way in WAYS]
    for one in found:
        assert one.n == n - max(k, lag + l - 1) and (one.bits[0] == 0).all()
        assert (one.degrees == found[0].degrees).all() and (one.freedom == found[0].freedom).all()
        for i, j in np.ndindex(a, b):
            truth = bincount_transfer(x[:, i], y[:, j], k, l, lag, base)
            assert one.bits[i, j] == pytest.approx(truth, abs=1e-12)


@every_way
def test_pairs_agree_with_one_pair_and_its_corrections(r, way):
    x, y = r.integers(0, 3, (150, 2)), r.integers(0, 3, (150, 3))
    found = pairwise_transfer_entropy(source=x, target=y, k=2, way=way)
    assert CORRECTIONS[1] == "miller-madow"
    for i, j in np.ndindex(2, 3):
        one = transfer_entropy(source=x[:, i], target=y[:, j], k=2)
        assert found["te"][i, j] == pytest.approx(one.value, abs=1e-12)
        corrected = transfer_entropy(
            source=x[:, i], target=y[:, j], k=2, estimator=PlugIn("miller-madow")
        )
        assert found["te_corrected"][i, j] == pytest.approx(corrected.value, abs=1e-12)
        at_once = transfer_entropy(source=x[:, i], target=y[:, j], k=2, lag=0)
        assert found["te_lag0"][i, j] == pytest.approx(at_once.value, abs=1e-12)


@every_way
def test_tiles_and_blocks_change_nothing(r, way, monkeypatch):
    x, y = r.integers(0, 2, (700, 9)), r.integers(0, 2, (700, 13))
    whole = pairwise_transfer_entropy(source=x, target=y, way=way)
    monkeypatch.setattr(coincidences, "TILE", 16)
    monkeypatch.setattr(coincidences, "FLUSH", 2)
    monkeypatch.setattr(coincidences, "ELEMENTS", 300)
    monkeypatch.setattr("infoplane.measures.transfer.pairs.ENTRIES", 200)
    monkeypatch.setattr("infoplane.measures.transfer.populations.CELLS", 64)
    pieces = pairwise_transfer_entropy(source=x, target=y, way=way)
    assert pieces["te"].values == pytest.approx(whole["te"].values, abs=1e-14)


def test_counts_of_many_ones_do_not_overflow():
    on = torch.ones(3, 70_000, dtype=torch.uint8)
    for way in WAYS:
        assert (COUNTINGS[way].together(Coded(on, 2), Coded(on, 2)) == 70_000).all()


def test_a_condition_on_all_pairs(r):
    z = flips(r, 3000)
    x, y = later(z)[:, None], later(z, 2)[:, None]
    assert pairwise_transfer_entropy(source=x, target=y)["te"].item() > 0.9
    given_z = pairwise_transfer_entropy(source=x, target=y, given=z, given_length=2)
    one = transfer_entropy(source=x[:, 0], target=y[:, 0], given=z, given_length=2)
    assert given_z["te"].item() == pytest.approx(one.value, abs=1e-12)
    assert one.value == pytest.approx(0, abs=1e-9)


def test_numbers_of_all_pairs_agree_with_one_pair(r):
    series = [autoregression(r, 400) for _ in range(3)]
    x, y = (np.stack([one[side] for one in series], 1) for side in (0, 1))
    x[:, 1] = 3.0  # a constant unit
    for how in ({}, {"k": 2, "l": 3, "lag": 2}, {"lag": 0}):
        found = pairwise_transfer_entropy(source=x, target=y, estimator=Gaussian(), **how)
        for i, j in ((0, 0), (0, 2), (2, 1)):
            one = transfer_entropy(
                source=x[:, i], target=y[:, j], estimator=Gaussian(False), **how, check=False
            )
            assert found["te"][i, j] == pytest.approx(one.value, abs=1e-9)
        assert (found["te"][1] == 0).all() and (found["p_chi2"][1] == 1).all()
    diagonal = found["te"].values.diagonal()[[0, 2]]
    assert (diagonal >= 0).all()


@pytest.mark.parametrize(("k", "l", "degrees"), [(1, 1, 2), (2, 2, 12)])
def test_where_nothing_passes_the_bias_and_the_p_values_are_known(r, k, l, degrees):
    x, y = r.integers(0, 2, (499, 70)), r.integers(0, 2, (499, 70))
    found = pairwise_transfer_entropy(source=x, target=y, k=k, l=l)
    n = found.attrs["n"]
    assert float(found["te"].mean()) == pytest.approx(degrees / (2 * n * LN2), rel=0.05)
    assert abs(float(found["te_corrected"].mean())) < 0.05 * degrees / (2 * n * LN2)
    if degrees == 2:  # every pair shares its units with others: ask pairs apart
        apart = found["p_chi2"].values.diagonal()
        assert kstest(apart, "uniform").pvalue > 0.01
    assert not found["significant"].any()


def test_p_values_of_many_pairs_apart_are_uniform(r):
    p_values = np.concatenate(
        [
            pairwise_transfer_entropy(source=x, target=y)["p_chi2"].values.diagonal()
            for x, y in r.integers(0, 2, (20, 2, 499, 40))
        ]
    )
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_a_common_drift_is_told_from_transfer_by_surrogates_within_blocks(r):
    n = 20_000
    rates = np.linspace(0.05, 0.95, n)[:, None]
    x, y = (r.random((n, 2)) < rates).astype(int), (r.random((n, 2)) < rates).astype(int)
    how = {"source": x, "target": y, "permutations": 39}
    everywhere = pairwise_transfer_entropy(**how)
    within = pairwise_transfer_entropy(**how, surrogates=PermutedWithin(200))
    assert (everywhere["p_value"] == 1 / 40).all() and everywhere["significant"].all()
    assert (within["p_value"] > 0.05).all() and not within["significant"].any()
    assert float(everywhere["te"].mean()) == pytest.approx(0.0323, abs=0.004)
    assert any("common drift" in note for note in everywhere.attrs["notes"])


@pytest.mark.parametrize(
    "scheme",
    [Permuted(), PermutedWithin(30), BlocksPermuted(7), Shifted(5), GivenPast(PermutedWithin(30))],
    ids=repr,
)
def test_surrogates_are_orders_that_differ_and_come_again(scheme):
    drawn = [order.tolist() for order in scheme.orders(100, 5, seed=1)]
    assert all(sorted(order) == list(range(100)) for order in drawn)
    assert len({tuple(order) for order in drawn}) == 5
    assert drawn == [order.tolist() for order in scheme.orders(100, 5, seed=1)]
    if not isinstance(scheme, Permuted | BlocksPermuted | Shifted):
        assert all(place // 30 == moved // 30 for o in drawn for place, moved in enumerate(o))


def test_p_values_are_those_of_every_other_null(r):
    x, y = (torch.from_numpy(one) for one in r.integers(0, 2, (2, 200, 3)))
    pairs = CountedPairs(words_of(x, y, History(), 2), COUNTINGS["packed"])
    orders = [*Permuted().orders(pairs.moments, 9, 0)]
    found = pairs.measured()
    stacked = torch.stack([torch.from_numpy(pairs.measured(one).bits) for one in orders])
    expected = permutation_p(torch.from_numpy(found.bits), stacked)
    assert np.array_equal(null_of(pairs, found, Permuted(), 9, 0).p_values, expected.numpy())


def test_the_line_of_the_readme_takes_what_layers_give(r):
    text = (Path(__file__).parents[3] / "README.md").read_text()
    (line,) = (one for one in text.splitlines() if one.startswith("ip.pairwise_transfer_entropy("))
    layer, next_layer = torch.relu(torch.randn(2, 50, 3))
    found = eval(line, {"ip": ip, "layer": layer, "next_layer": next_layer})
    assert found["te"].shape == (3, 3)


def test_few_pairs_with_huge_counts_need_no_table_of_all_counts(r):
    """The same shares at 10⁹ times the counts: the same bits, at once."""
    x, y = (torch.from_numpy(one) for one in r.integers(0, 2, (2, 50, 2)))
    few = populations(words_of(x, y, History(), 2), COUNTINGS["packed"])
    factor = 10**9
    many = Populations(few.joint * factor, few.source * factor, few.target * factor)
    for way in WAYS:
        found, known = (transfers(one, COUNTINGS[way]) for one in (many, few))
        assert found.bits == pytest.approx(known.bits, rel=1e-9)
        assert np.array_equal(found.degrees, known.degrees)
    nothing = Populations(few.joint * 0, few.source * 0, few.target * factor)
    nothing.source[:, 0] = few.n * factor
    assert (transfers(nothing, COUNTINGS["packed"]).bits == 0).all()


def test_surrogates_are_measured_as_the_pairs_are(r):
    x, y = r.integers(0, 2, (120, 3)), r.integers(0, 2, (120, 4))
    words = words_of(torch.from_numpy(x), torch.from_numpy(y), History(), 2)
    pairs = CountedPairs(words, COUNTINGS["packed"])
    orders = list(Permuted().orders(119, 4, 0))
    null = null_of(pairs, pairs.measured(), Permuted(), 4, 0)
    slow = [pairs.measured(order).bits for order in orders]
    assert null.mean == pytest.approx(np.mean(slow, 0))
    assert null.of_layer == pytest.approx([one.mean() for one in slow])
    moved = np.concatenate([x[:119][orders[0]], x[119:]])  # the source's windows are x₀ … x₁₁₈
    assert bincount_transfer(moved[:, 0], y[:, 1], 1, 1, 1, 2) == pytest.approx(slow[0][0, 1])


@given(
    parts=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    window=st.integers(8, 60),
    k=st.integers(1, 2),
    lag=st.integers(0, 2),
)
@settings(max_examples=25)
def test_streams_are_exact(parts, window, k, lag):
    n, history = sum(parts), History(k, 2, lag)
    x, y = (torch.from_numpy(np.random.default_rng(n).integers(0, 2, (n, 3))) for _ in range(2))
    whole, sliding = TransferStream(history), TransferStream(history, window=window)
    apart, last = (
        TransferStream(history, boundary="break"),
        TransferStream(history, boundary="break", window=window),
    )
    for start, size in zip(np.cumsum([0, *parts]), parts, strict=False):
        for stream in (whole, sliding, apart, last):
            stream.update(x[start : start + size], y[start : start + size])
    assert _same(whole, [(x, y)], history)
    assert _same(sliding, [(x[-window:], y[-window:])], history)
    pieces = list(zip(x.split(parts), y.split(parts), strict=True))
    assert _same(apart, pieces, history)
    cut = [
        (a[max(0, len(a) - room) :], b[max(0, len(b) - room) :])
        for (a, b), room in _room(pieces, window)
    ]
    assert _same(last, cut, history)


def _room(pieces, window):
    """Every piece with how much of its end lies in the window."""
    left, found = window, []
    for piece in reversed(pieces):
        found.append((piece, min(left, len(piece[0]))))
        left -= found[-1][1]
    return reversed([one for one in found if one[1]])


def _same(stream, pieces, history):
    """Whether a stream has counted what the pieces hold."""
    long = [piece for piece in pieces if len(piece[0]) > history.reach()]
    if not long:
        return stream.n == 0
    each = [populations(words_of(*piece, history, 2), COUNTINGS["packed"]) for piece in long]
    total = each[0]
    for one in each[1:]:
        total = total + one
    return all(
        (getattr(total, name) == getattr(stream.counts, name)).all()
        for name in ("joint", "source", "target")
    )


def test_streams_merge_to_the_whole(r):
    x, y = (torch.from_numpy(one) for one in r.integers(0, 2, (2, 300, 4)))
    streams = [TransferStream(boundary="break") for _ in range(3)]
    for stream, a, b in zip(streams, x.split(100), y.split(100), strict=True):
        stream.update(a, b)
    streams[0].merge(streams[1])
    streams[0].merge(streams[2])
    together = TransferStream(boundary="break")
    for a, b in zip(x.split(100), y.split(100), strict=True):
        together.update(a, b)
    assert (streams[0].counts.joint == together.counts.joint).all()
    assert (streams[0].transfers().bits == together.transfers().bits).all()


def test_streams_refuse_what_they_cannot_count(r):
    states = torch.zeros(5, 2, dtype=torch.int64)
    for ask, said in (
        (lambda s: s.counts, "Nothing has been counted"),
        (lambda s: s.update(states + 2, states), "base=2"),
        (lambda s: s.update(states.double(), states), "cut numbers first"),
        (lambda s: s.update(states, states[:3]), "one of each"),
        (lambda s: s.merge(TransferStream(History(k=2))), "asks about"),
        (lambda s: s.merge(TransferStream(window=9)), "no common order"),
    ):
        with pytest.raises(InfoplaneError, match=said):
            ask(TransferStream())
    with pytest.raises(InfoplaneError, match="hold no window"):
        TransferStream(History(k=9), window=5)


def test_the_published_signal_and_its_oddities(r):
    x, y = (torch.from_numpy(one[:, None]) for one in r.integers(0, 2, (2, 10_000)))
    signal = PublishedSignal(window=2)
    first = signal.repeated(x, y)
    assert first == pytest.approx(bincount_transfer(x[:, 0].numpy(), y[:, 0].numpy(), 1, 1, 1, 2))
    assert (signal.repeated(x, y) == 0).all() and signal.observations == 19_998


def test_the_published_signal_grows_its_history_and_counts_all_of_it_again(r):
    x, y = (torch.from_numpy(one) for one in r.integers(0, 2, (2, 300, 2)))
    signal = PublishedSignal(window=200)
    assert signal.update(x[:100], y[:100]) is None
    early = signal.update(x[100:200], y[100:200])
    later_on = signal.update(x[200:], y[200:])
    assert signal.observations == 199 + 299
    weighted = populations(words_of(x[:200], y[:200], History(), 2), COUNTINGS["packed"]) + (
        populations(words_of(x, y, History(), 2), COUNTINGS["packed"])
    )
    now = transfers(weighted, COUNTINGS["packed"]).bits
    assert later_on == pytest.approx(np.where(early - now < 1e-8, 0, early - now))


def test_rules_of_binarisation():
    x = torch.tensor([[-1.5], [0.0], [0.5], [1.0]])
    assert Above()(x)[:, 0].tolist() == [0, 0, 1, 1]
    assert AtLeast(1.0, magnitude=True)(x)[:, 0].tolist() == [1, 0, 0, 1]
    assert AtLeast(0.9)(x)[:, 0].tolist() == [0, 0, 0, 1]
    assert AboveMedian()(x)[:, 0].tolist() == [0, 0, 1, 1]
    with pytest.raises(InfoplaneError, match="finite"):
        Above(float("nan"))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"source": np.zeros((40, 2))}, "binary=ip.Above"),
        ({"source": np.zeros((41, 2), int)}, "41 moments"),
        ({"source": -np.ones((40, 2), int)}, "number them from 0"),
        ({"base": 1}, "base=1"),
        ({"k": 12}, "shorter past"),
        ({"rate": 0.0}, "rate=0.0"),
        ({"given": np.zeros((40, 2), int)}, "shape"),
        ({"estimator": Gaussian()}, "holds integers"),
        ({"permutations": 50, "surrogates": Shifted(10)}, "shifts"),
    ],
)
def test_bad_questions(r, how, said):
    states = r.integers(0, 2, (40, 2))
    with pytest.raises(InfoplaneError, match=said):
        pairwise_transfer_entropy(**{"source": states, "target": states, **how})
