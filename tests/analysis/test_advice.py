"""Whose number to believe: nobody's where none can tell, never one that its own notes reject."""

import numpy as np
import pytest
import torch

from infoplane.analysis.advice import advice
from infoplane.analysis.skills import shipped
from infoplane.measures.side_by_side import side_by_side, suitable
from infoplane.values.errors import InfoplaneError

DRAW = np.random.default_rng(0)
X = DRAW.standard_normal((200, 1))
Y = 0.6 * X + 0.8 * DRAW.standard_normal((200, 1))
LABELS = DRAW.integers(0, 4, 200)


def advised(x, y, estimators):
    said = side_by_side(x, y, estimators)
    return advice(shipped(), torch.as_tensor(x), torch.as_tensor(y), said)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.ones((200, 1)), Y, "All 200 samples of x are the same"),
        (X, np.sin(3 * X), "y is a function of x"),
        (np.arange(200), LABELS, "state of its own in x"),
    ],
)
def test_nothing_is_recommended_where_no_number_tells(x, y, words):
    found = advised(x, y, ["mixed-ksg", "renyi-tapia"])
    assert found.estimator == "" and words in found.words


def test_one_of_those_asked_is_recommended_with_its_value():
    found = advised(X, Y, ["gaussian", "renyi-tapia"])
    assert found.estimator == "gaussian" and "bit. It errs least of those asked" in found.words
    assert advised(X, Y, ["renyi-tapia"]).estimator == ""  # another functional than Shannon's


def test_who_presumes_a_density_is_not_recommended_for_repeated_numbers():
    x, y = LABELS.astype(float)[:, None], (LABELS % 2).astype(float)[:, None]
    assert advised(x + 0.0, y + 0.0, ["ksg", "mixed-ksg"]).estimator in ("", "mixed-ksg")
    noisy = np.round(Y, 1)
    assert advised(np.round(X, 1), noisy, ["ksg", "mixed-ksg"]).estimator == "mixed-ksg"


def test_constant_columns_are_no_dimensions():
    wide = np.hstack([X, np.ones((200, 20))])
    assert advised(wide, Y, ["ksg", "gaussian"]) == advised(X, Y, ["ksg", "gaussian"])


def test_who_refuses_is_not_recommended():
    found = advised(LABELS, Y, ["ksg"])
    assert found.estimator == "" and "none of the estimators asked suits" in found.words


def test_only_what_says_something_of_its_own_is_asked():
    labels = suitable(LABELS, LABELS % 2)
    assert "plug-in" in labels and not any(name.startswith("binned") for name in labels)
    numbers = suitable(X, Y)
    assert not {"sliced-ksg", "binned-30", "kde-lower", "noisy"} & set(numbers)
    layer = suitable(X, np.tanh(np.hstack([X, -X, X**2])))
    assert {"kde-lower", "noisy", "sliced-ksg"} <= set(layer)
    assert "binned-30" in suitable(np.tanh(X), LABELS)


def test_negative_permutations_are_refused_at_once():
    with pytest.raises(InfoplaneError, match="permutations=-3"):
        side_by_side(X, Y, ["ksg"], permutations=-3)
