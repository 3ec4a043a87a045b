"""Files appear under their names when they are whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from crmlib.errors import DataError

__all__ = ["together", "whole"]


@contextmanager
def whole(place):
    """A temporary path beside ``place`` to write to; renamed to ``place`` if the block ends well, else deleted.

    Folders are made as needed, and taken away again if it goes wrong. Raises `DataError` where the file cannot be
    written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole(Path(folder, "a", "b.txt")) as path:
    ...         _ = path.write_text("done")
    ...     Path(folder, "a", "b.txt").read_text()
    'done'
    """
    with together([place]) as (path,):
        yield path


@contextmanager
def together(places):
    """As `whole`, for several files in one: all of them take their names, or none does and what was there stays.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with together([Path(folder, "a.txt"), Path(folder, "b.txt")]) as paths:
    ...         for path in paths:
    ...             _ = path.write_text("done")
    ...     sorted(os.listdir(folder))
    ['a.txt', 'b.txt']
    """
    places = [Path(place) for place in places]
    new = list(dict.fromkeys(folder for place in places for folder in place.parents if not folder.exists()))
    beside, done = [], False
    try:
        for place in places:
            beside.append(_beside(place))
        yield list(beside)
        mask = os.umask(0)
        os.umask(mask)
        for path in beside:
            os.chmod(path, 0o666 & ~mask)  # mkstemp makes files that only their owner may read
        _rename(dict(zip(beside, places, strict=True)))
        done = True
    except _Failed as error:
        raise DataError(f"{error.place} cannot be written: {error.why}.") from None
    except OSError as error:
        raise DataError(f"{places[max(len(beside) - 1, 0)]} cannot be written: {error.strerror or error}.") from None
    finally:
        if not done:
            for path in beside:
                path.unlink(missing_ok=True)
            for folder in new:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()


class _Failed(Exception):
    def __init__(self, place, error):
        self.place, self.why = place, error.strerror or error


def _beside(place):
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=place.parent, prefix=".crm-", suffix=place.suffix)
    except OSError as error:
        raise _Failed(place, error) from None
    os.close(handle)
    return Path(path)


def _rename(names):
    """Give each temporary file its name; where one cannot take it (open in another program), all is put back."""
    named, copies = [], []
    try:
        for path, place in names.items():
            try:
                copy = None
                if len(names) > 1 and os.path.lexists(place):
                    copies.append(copy := _beside(place))
                    shutil.copy2(place, copy)
                os.replace(path, place)
            except OSError as error:
                raise _Failed(place, error) from None
            named.append((place, copy))
    except BaseException:
        for place, copy in named:
            os.replace(copy, place) if copy else place.unlink()
        raise
    finally:
        for copy in copies:
            copy.unlink(missing_ok=True)
