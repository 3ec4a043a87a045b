"""Where the clone lies and what its folders are: the only module that asks.

The course, its built notebooks and the data sets are files of the repository, not of the installed package, so the
package must run from an editable clone.
"""

from __future__ import annotations

from pathlib import Path

from crmlib.errors import DataError

__all__ = ["course", "datasets", "exercises", "notebooks", "reports", "root", "solutions", "work"]

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """The folder of the clone, found from where this package lies, whatever the working directory.

    Raises `DataError` where the package was installed without its clone.

    >>> (root() / "crmlib" / "checkout.py").is_file()
    True
    """
    clone = _PACKAGE.parent
    if not ((clone / "pyproject.toml").is_file() and (clone / "datasets").is_dir()):
        raise DataError(
            f"crmlib lies in {_PACKAGE}, without the course and the data sets around it; "
            "clone the repository and install it from there with: pip install -e ."
        )
    return clone


def course() -> Path:
    """Text sources of lessons, workbooks and report templates."""
    return root() / "course"


def notebooks() -> Path:
    """Built lessons and report templates."""
    return root() / "notebooks"


def exercises() -> Path:
    """Built workbooks without their answers."""
    return root() / "exercises"


def solutions() -> Path:
    """Built workbooks with their answers."""
    return root() / "solutions"


def datasets() -> Path:
    """One folder a data set."""
    return root() / "datasets"


def work() -> Path:
    """A learner's own copies; git ignores it, and it need not exist yet."""
    return root() / "work"


def reports() -> Path:
    """Rendered reports; git ignores it, and it need not exist yet."""
    return root() / "reports"
