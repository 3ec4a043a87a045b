import os
import stat

import pytest

from crmlib.errors import DataError
from crmlib.writing import together, whole


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


# ---- several in one


def test_several_appear_together(tmp_path):
    places = [tmp_path / "new" / name for name in ("a.html", "a.pdf")]
    with together(places) as paths:
        for path in paths:
            path.write_text(path.suffix)
        assert not any(place.exists() for place in places)
    assert [place.read_text() for place in places] == [".html", ".pdf"]
    assert sorted(os.listdir(tmp_path / "new")) == ["a.html", "a.pdf"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_none_of_several_is_left_or_replaced_when_it_goes_wrong(tmp_path, error):
    (tmp_path / "a.html").write_text("before")
    with pytest.raises(error), together([tmp_path / "a.html", tmp_path / "new" / "a.pdf"]) as paths:
        paths[0].write_text("half")
        raise error
    assert os.listdir(tmp_path) == ["a.html"] and (tmp_path / "a.html").read_text() == "before"


@pytest.mark.parametrize("stuck", ["a.html", "a.pdf", "a.xlsx"])
def test_a_name_that_cannot_be_taken_puts_the_others_back(tmp_path, monkeypatch, stuck):
    """As on Windows, when the workbook is open in Excel."""
    names = ["a.html", "a.pdf", "a.xlsx"]
    for name in names[:2]:
        (tmp_path / name).write_text("before")
    replace = os.replace

    def open_in_another_program(path, place):
        if str(place).endswith(stuck) and path.read_text() == "new":
            raise PermissionError(13, "in use")
        replace(path, place)

    monkeypatch.setattr(os, "replace", open_in_another_program)
    said = rf"{stuck.replace('.', '[.]')} cannot be written: in use\.$"
    with pytest.raises(DataError, match=said), together([tmp_path / name for name in names]) as paths:
        for path in paths:
            path.write_text("new")
    assert sorted(os.listdir(tmp_path)) == names[:2]
    assert [(tmp_path / name).read_text() for name in names[:2]] == ["before", "before"]
