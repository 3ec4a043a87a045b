"""A file appears under its name when it is whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from crmlib.errors import DataError

__all__ = ["whole"]


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
    place = Path(place)
    new = [folder for folder in place.parents if not folder.exists()]
    temporary, done = None, False
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=".crm-", suffix=place.suffix)
        os.close(handle)
        yield Path(temporary)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)  # mkstemp makes files that only their owner may read
        os.replace(temporary, place)
        done = True
    except OSError as error:
        raise DataError(f"{place} cannot be written: {error.strerror or error}.") from None
    finally:
        if not done:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            for folder in new:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
