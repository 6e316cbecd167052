import gzip
from dataclasses import replace

import numpy as np
import pytest
import torch

from infoplane.datasets.images import EMNIST, FASHION, MNIST, MNIST_FILES, read
from infoplane.values.errors import InfoplaneError


@pytest.mark.mnist
def test_mnist_is_the_mnist_everybody_knows(data_dir):
    data = read(MNIST, data_dir)
    assert data.name == "mnist" and data.shape == (1, 28, 28)
    assert data.train_x.shape == (60_000, 1, 28, 28) and data.test_x.shape == (10_000, 1, 28, 28)
    assert data.train_x.dtype == torch.float32
    assert data.train_y[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.test_y[:5].tolist() == [7, 2, 1, 0, 4]
    assert data.train_x.min() == 0 and data.train_x.max() == 1
    assert float(data.train_x.mean()) == pytest.approx(0.1307, abs=5e-5)
    assert float(data.train_x.std()) == pytest.approx(0.3081, abs=5e-5)


@pytest.mark.parametrize("archive", [MNIST, FASHION], ids=lambda archive: archive.name)
def test_every_file_has_a_checksum(archive):
    assert tuple(archive.remote.sha256) == archive.files
    assert all(len(digits) == 64 for digits in archive.remote.sha256.values())


def test_pixels_and_labels_come_out_as_stored(archive, arrays, fill, tmp_path):
    fill(tmp_path / "tiny")
    data = read(archive, tmp_path)
    np.testing.assert_array_equal((data.train_x[:, 0] * 255).round().byte().numpy(), arrays[0])
    np.testing.assert_array_equal(data.train_y.numpy(), arrays[1])
    np.testing.assert_array_equal((data.test_x[:, 0] * 255).round().byte().numpy(), arrays[2])
    np.testing.assert_array_equal(data.test_y.numpy(), arrays[3])


def test_the_digest_is_that_of_the_data_not_of_the_files(
    archive, fill, tmp_path, idx_bytes, arrays
):
    packed = read(archive, fill(tmp_path / "a" / "tiny").parent)
    unpacked = read(archive, fill(tmp_path / "b" / "tiny-images", unpack=True).parent)
    assert packed.digest == unpacked.digest

    changed = arrays[2].copy()
    changed[3, 14, 14] ^= 1
    (tmp_path / "a" / "tiny" / MNIST_FILES[2]).write_bytes(gzip.compress(idx_bytes(changed)))
    assert read(archive, tmp_path / "a").digest != packed.digest


def test_recompressed_files_are_as_good_as_the_originals(archive, fill, tmp_path, packed):
    folder = fill(tmp_path / "tiny")
    whole = read(archive, tmp_path)
    for name in MNIST_FILES:
        again = gzip.compress(gzip.decompress(packed[name]), compresslevel=1, mtime=5)
        assert again != packed[name]
        (folder / name).write_bytes(again)
    assert read(archive, tmp_path).digest == whole.digest


def test_a_named_folder_that_is_missing_is_an_error_and_nothing_is_downloaded(
    archive, server, fill, tmp_path, cache
):
    fill(cache / "tiny")
    with pytest.raises(InfoplaneError) as error:
        read(archive, tmp_path, cache)
    for word in (tmp_path / "tiny", tmp_path / "tiny-images", "there is no folder"):
        assert str(word) in str(error.value)
    assert server.asked == []


def test_a_named_folder_that_lacks_files_says_which(archive, server, fill, tmp_path):
    fill(tmp_path / "tiny", MNIST_FILES[:3])
    with pytest.raises(InfoplaneError, match=rf"tiny lacks {MNIST_FILES[3]};") as error:
        read(archive, tmp_path)
    assert MNIST_FILES[0] not in str(error.value)
    assert server.asked == []


def test_a_folder_with_the_name_of_a_file_is_no_file(archive, fill, tmp_path):
    fill(tmp_path / "tiny", MNIST_FILES[1:])
    (tmp_path / "tiny" / MNIST_FILES[0].removesuffix(".gz")).mkdir()
    with pytest.raises(InfoplaneError, match=f"lacks {MNIST_FILES[0]}"):
        read(archive, tmp_path)


def test_labels_of_another_set_are_noticed(archive, fill, tmp_path, idx_bytes):
    wrong = tmp_path / "tiny" / MNIST_FILES[3]
    fill(tmp_path / "tiny")
    wrong.write_bytes(gzip.compress(idx_bytes(np.zeros(7, np.uint8))))
    with pytest.raises(InfoplaneError, match=rf"{wrong} .*expected shape \(5,\), found \(7,\)"):
        read(archive, tmp_path)


def test_images_of_another_size_are_noticed(archive, fill, tmp_path, idx_bytes):
    fill(tmp_path / "tiny")
    small = gzip.compress(idx_bytes(np.zeros((12, 20, 20), np.uint8)))
    (tmp_path / "tiny" / MNIST_FILES[0]).write_bytes(small)
    with pytest.raises(
        InfoplaneError, match=r"expected shape \(12, 28, 28\), found \(12, 20, 20\)"
    ):
        read(archive, tmp_path)


def test_swapped_images_and_labels_are_noticed(archive, fill, tmp_path):
    folder = fill(tmp_path / "tiny")
    images, labels = folder / MNIST_FILES[0], folder / MNIST_FILES[1]
    before = images.read_bytes()
    images.write_bytes(labels.read_bytes())
    labels.write_bytes(before)
    with pytest.raises(InfoplaneError, match="belongs to other data"):
        read(archive, tmp_path)


def test_the_shared_folder_comes_before_the_cache(
    archive, server, fill, tmp_path, cache, monkeypatch
):
    fill(tmp_path / "shared" / "tiny")
    monkeypatch.setenv("INFOPLANE_DATA", str(tmp_path / "shared"))
    read(archive, cache=cache)
    assert server.asked == [] and not cache.exists()


def test_a_shared_folder_without_the_set_is_passed_over(
    archive, server, fill, tmp_path, cache, monkeypatch
):
    fill(cache / "tiny")
    fill(tmp_path / "shared" / "tiny", MNIST_FILES[:2])
    monkeypatch.setenv("INFOPLANE_DATA", str(tmp_path / "shared"))
    read(archive, cache=cache)
    assert server.asked == []


def test_an_empty_variable_is_no_folder(archive, server, fill, tmp_path, cache, monkeypatch):
    fill(tmp_path / "tiny")
    fill(cache / "tiny")
    (tmp_path / "tiny" / MNIST_FILES[0]).write_bytes(b"rubbish")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INFOPLANE_DATA", "")
    read(archive, cache=cache)


def test_emnist_keeps_the_first_lower_case_letters(archive, arrays, fill, idx_bytes, tmp_path):
    folder = fill(tmp_path / "tiny")
    labels = np.array([0, 36, 61, 35, 37, 9, 36, 40, 10, 61, 36, 1], np.uint8)
    (folder / MNIST_FILES[1]).write_bytes(idx_bytes(labels))
    (folder / MNIST_FILES[3]).write_bytes(idx_bytes(np.array([36, 5, 61, 35, 50], np.uint8)))
    letters = replace(archive, first_class=EMNIST.first_class, train_limit=4)
    data = read(letters, tmp_path)
    assert data.train_y.tolist() == [0, 25, 1, 0]
    assert data.test_y.tolist() == [0, 25, 14]
    kept = torch.from_numpy(arrays[0][[1, 2, 4, 6]]) / 255
    assert torch.equal(data.train_x[:, 0], kept)
