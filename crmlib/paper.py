"""A report on paper: the page as a PDF, made by WeasyPrint, without a browser, LaTeX or a network.

The same page gives the same bytes. It is tagged (PDF/UA-1), with title, language and bookmarks from the headings.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from pathlib import Path

from crmlib.errors import DataError

__all__ = ["NO_PANGO", "check", "made_by", "write"]

NO_PANGO = (
    "A PDF needs Pango, a library that pip does not bring: on Debian and Ubuntu apt install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0, on macOS brew install pango, on Windows MSYS2 and in it pacman -S mingw-w64-ucrt-x86_64-pango."
)
VARIANT = "pdf/ua-1"


def check() -> None:
    """Raise `DataError`, which says what to install, where no PDF can be made."""
    _weasyprint()


def write(page, path) -> None:
    """Write an HTML page that loads nothing as a PDF. Raises `DataError` without Pango, and if the page wants to load."""
    weasyprint, urls = _weasyprint()
    only_within = urls.URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    with _quiet():
        try:
            weasyprint.HTML(string=page, url_fetcher=only_within).write_pdf(path, pdf_variant=VARIANT, finisher=_readable)
        except urls.FatalURLFetchingError:
            raise DataError("The page wants to load something; a report on paper holds all that it shows.") from None


def made_by(path, generator) -> bool:
    """Whether a file is a PDF that bears the mark of ``generator`` in its properties."""
    return f"CreatorTool>{generator}".encode() in Path(path).read_bytes()


def _weasyprint():
    """The package and its part that fetches; the first import looks for Pango on this machine."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import weasyprint
            from weasyprint import urls
    except (ImportError, OSError):  # OSError: a library that is not there
        raise DataError(NO_PANGO) from None
    return weasyprint, urls


def _readable(document, pdf):
    """Leave the properties uncompressed, for `made_by` and for whoever looks for them."""
    for each in pdf.objects:
        if getattr(each, "extra", {}).get("Subtype") == "/XML":
            each.compress = False


@contextmanager
def _quiet():
    """What WeasyPrint says of the style of a page is no news to who prints a report."""
    loggers = {logging.getLogger(name): logging.getLogger(name).level for name in ("weasyprint", "fontTools")}
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in loggers.items():
            logger.setLevel(level)
