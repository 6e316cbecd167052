import torch
from sklearn.datasets import load_digits

from infoplane.datasets.digits import digits


def test_digits_are_split_into_1297_and_500():
    data = digits()
    assert data.train_x.shape == (1297, 1, 8, 8)
    assert data.test_x.shape == (500, 1, 8, 8)
    assert data.train_x.dtype == data.test_x.dtype == torch.float32
    assert data.train_y.dtype == data.test_y.dtype == torch.int64
    assert len(data.train_y) == 1297 and len(data.test_y) == 500


def _rows(x, y):
    return sorted((*map(int, row), int(label)) for row, label in zip(x, y, strict=True))


def test_the_split_loses_and_doubles_no_image():
    data = digits()
    pixels, classes = load_digits(return_X_y=True)
    ours = torch.cat([data.train_x, data.test_x]).flatten(1) * 16
    labels = torch.cat([data.train_y, data.test_y])
    assert _rows(ours, labels) == _rows(pixels, classes)


def test_the_split_is_the_same_every_time_and_mixes_the_classes():
    data = digits()
    torch.manual_seed(7)
    assert digits().digest == data.digest
    assert data.test_y.bincount().min() > 30


def test_pixels_fill_the_unit_interval():
    data = digits()
    assert data.train_x.min() == 0 and data.train_x.max() == 1
