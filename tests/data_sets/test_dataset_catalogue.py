import pytest

from infoplane.datasets.catalogue import CATALOGUE, load
from infoplane.datasets.digits import digits
from infoplane.values.errors import InfoplaneError


def test_the_catalogue_knows_five_sets():
    assert set(CATALOGUE) == {"digits", "mnist", "fashion", "emnist", "cifar10"}


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        InfoplaneError, match="'cifar'.*'cifar10', 'digits', 'emnist', 'fashion', 'mnist'"
    ):
        load("cifar")


def test_digits_need_no_folder(tmp_path):
    assert load("digits", tmp_path / "absent").digest == digits().digest


@pytest.mark.parametrize("name", ["mnist", "fashion", "emnist"])
def test_a_named_folder_without_the_set_is_an_error(name, tmp_path):
    with pytest.raises(InfoplaneError, match=f"{name} is not complete under {tmp_path}"):
        load(name, str(tmp_path))


@pytest.mark.mnist
def test_mnist_by_name(data_dir):
    assert load("mnist", data_dir).name == "mnist"
