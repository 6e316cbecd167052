"""Arrays from files of every format, and what is wrong with the others."""

import numpy as np
import pytest

from infoplane.datasets.arrays import read_array
from infoplane.values.errors import InfoplaneError

NUMBERS = np.arange(12.0).reshape(6, 2) / 3


def test_npy_is_read_as_it_is(tmp_path):
    np.save(tmp_path / "x.npy", NUMBERS)
    assert np.array_equal(read_array(str(tmp_path / "x.npy")), NUMBERS)


def test_npz_needs_a_name_only_if_it_holds_several(tmp_path):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    np.savez(one, a=NUMBERS)
    np.savez(two, a=NUMBERS, b=NUMBERS + 1)
    assert np.array_equal(read_array(str(one)), NUMBERS)
    assert np.array_equal(read_array(f"{two}:b"), NUMBERS + 1)
    with pytest.raises(InfoplaneError, match=r"holds the arrays a, b; name one.*two\.npz:a"):
        read_array(str(two))
    with pytest.raises(InfoplaneError, match="name one"):
        read_array(f"{two}:c")


def test_csv_with_and_without_a_heading(tmp_path):
    (tmp_path / "headed.csv").write_text(
        "age, height, name\n3, 1.5, ada\n4, 1.6, bob\n5, 1.7, ada\n"
    )
    table = str(tmp_path / "headed.csv")
    assert read_array(f"{table}:height").tolist() == [1.5, 1.6, 1.7]
    assert read_array(f"{table}:age").dtype.kind == "i"
    assert read_array(f"{table}:age,height").shape == (3, 2)
    assert read_array(f"{table}:name").tolist() == [0, 1, 0]
    (tmp_path / "bare.csv").write_text("1,2\n3,4\n")
    assert read_array(str(tmp_path / "bare.csv")).tolist() == [[1, 2], [3, 4]]


def test_a_first_line_of_numbers_is_a_sample(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("0.5,0.5\n1.5,2.5\n")  # a heading with a name twice would be made unique
    assert read_array(str(path)).tolist() == [[0.5, 0.5], [1.5, 2.5]]
    path.write_text("0.5,,1.0\n1,2,3\n")
    with pytest.raises(InfoplaneError, match="lacks 1 value of 6"):
        read_array(str(path))


def test_truth_values_are_numbers_beside_numbers_and_labels_alone(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\nTrue,0.5\nFalse,1.5\n")
    assert read_array(str(path)).tolist() == [[1, 0.5], [0, 1.5]]
    assert read_array(f"{path}:a").tolist() == [1, 0]


def test_parquet_is_read_by_column(tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}).to_parquet(tmp_path / "t.parquet")
    assert read_array(f"{tmp_path}/t.parquet:b").tolist() == [0.5, 1.5]


def test_a_path_with_a_colon_is_a_path(tmp_path):
    np.save(tmp_path / "a:b.npy", NUMBERS)
    assert np.array_equal(read_array(str(tmp_path / "a:b.npy")), NUMBERS)


def test_what_cannot_be_read_is_said(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,\n2,x\n")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04torn")
    (tmp_path / "x.mat").write_bytes(b"")
    np.save(tmp_path / "x.npy", NUMBERS)
    for source, words in {
        f"{tmp_path}/absent.npy": "There is no file",
        f"{tmp_path}/x.mat": r"no format.*\.npy, \.npz, \.csv, \.parquet",
        f"{tmp_path}/x.npy:part": "one array without a name",
        f"{tmp_path}/objects.npy": "cannot be read",
        f"{tmp_path}/torn.npz": "cannot be read",
        f"{table}:c": "no column c; it has: a, b",
        str(table): "lacks 1 value of 4",
    }.items():
        with pytest.raises(InfoplaneError, match=words):
            read_array(source)


def test_words_among_numbers_are_no_samples(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n")
    with pytest.raises(InfoplaneError, match="column b is not numeric; choose columns"):
        read_array(f"{tmp_path}/t.csv")
