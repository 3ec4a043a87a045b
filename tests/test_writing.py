import os
import stat

import pytest

from crmlib.errors import DataError
from crmlib.writing import whole


def test_a_file_appears_when_it_is_whole(tmp_path):
    place = tmp_path / "new" / "folder" / "out.txt"
    with whole(place) as path:
        path.write_text("all of it")
        assert not place.exists()
    assert place.read_text() == "all of it"
    assert os.listdir(place.parent) == ["out.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_when_it_goes_wrong(tmp_path, error):
    with pytest.raises(error), whole(tmp_path / "new" / "out.txt") as path:
        path.write_text("half")
        raise error
    assert os.listdir(tmp_path) == []


def test_what_was_there_stays_when_it_goes_wrong(tmp_path):
    place = tmp_path / "out.txt"
    place.write_text("before")
    with pytest.raises(RuntimeError), whole(place) as path:
        path.write_text("half")
        raise RuntimeError
    assert place.read_text() == "before"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"out\.txt cannot be written: "), whole(tmp_path / "file" / "out.txt") as path:
        path.write_text("never")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_others_may_read_it_as_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with whole(tmp_path / "out.txt") as path:
        path.write_text("x")
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
