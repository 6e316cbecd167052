import os
import sys

from infoplane.engine.captured import captured


def test_all_that_is_printed_goes_into_the_file_and_none_elsewhere(tmp_path, capfd):
    print("before")
    with captured(tmp_path / "log"):
        print("of Python")
        os.write(1, b"of a library\n")
        sys.stderr.write("an error\n")
    print("after")
    told = (tmp_path / "log").read_text()
    assert all(words in told for words in ("of Python", "of a library", "an error"))
    assert capfd.readouterr().out == "before\nafter\n"


def test_streams_come_back_after_a_failure(tmp_path, capfd):
    try:
        with captured(tmp_path / "log"):
            raise ZeroDivisionError
    except ZeroDivisionError:
        os.write(2, b"seen")
    assert capfd.readouterr().err == "seen"
