"""The report on paper: whole, tagged, alone, and one sentence where it cannot be made."""

import builtins
import logging
import os
import re
import sys

import pytest

from crmlib import paper
from crmlib.errors import DataError

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="generator" content="crmlib: crm report 1">
<meta name="dcterms.created" content="2024-01-31"><title>A title</title><style>body {{ string-set: t attr(data-t) }}
@page {{ size: A4; @bottom-left {{ content: string(t) }} @bottom-right {{ content: counter(page) " of " counter(pages) }} }}
h2 {{ break-before: page }} nav a::after {{ content: leader(".") target-counter(attr(href), page) }}</style></head>
<body data-t="Running"><nav><a href="#b">To B</a></nav><h1>A</h1><h2 id="b">B &amp; b</h2>{more}</body></html>"""


@pytest.fixture(scope="module")
def pango():
    """Without Pango these tests are skipped; in .ci/run they fail."""
    try:
        paper.check()
    except DataError as error:
        (pytest.fail if os.environ.get("CRMLIB_NO_SKIP") else pytest.skip)(str(error))


def written(path, more=""):
    paper.write(PAGE.format(more=more), path)
    return path


def read(path):
    import pypdf

    return pypdf.PdfReader(path)


def test_has_title_language_tags_bookmarks_and_page_numbers(pango, tmp_path):
    found = read(written(tmp_path / "a.pdf", "<p>Said.</p>"))
    assert found.metadata.title == "A title" and found.metadata.creator == "crmlib: crm report 1"
    assert found.root_object["/Lang"] == "en" and found.root_object["/MarkInfo"]["/Marked"]
    assert found.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "pdfuaid:part=\"1\"" in found.root_object["/Metadata"].get_object().get_data().decode()
    first, (second,) = found.outline
    assert (first.title, second.title) == ("A", "B & b")
    texts = [" ".join(page.extract_text().split()) for page in found.pages]
    assert len(texts) == 2 and texts[0].endswith("Running 1 of 2") and texts[1].endswith("Running 2 of 2")
    assert re.search(r"To B ?\.+ ?2", texts[0])
    assert found.pages[0].mediabox.width == pytest.approx(595.3, abs=0.5)  # A4


def test_the_same_page_gives_the_same_bytes_and_bears_a_mark(pango, tmp_path):
    one, other = (written(tmp_path / name).read_bytes() for name in ("a.pdf", "b.pdf"))
    assert one == other
    assert paper.made_by(tmp_path / "a.pdf", "crmlib: crm report")
    assert not paper.made_by(tmp_path / "a.pdf", "another program")


@pytest.mark.parametrize(
    "wanted", ["http://127.0.0.1:9/x.png", "https://example.com/x.png", "file:///etc/passwd", "ftp://127.0.0.1/x", "x.png"]
)
def test_nothing_is_fetched(pango, tmp_path, wanted):
    more = f'<img alt="x" src="{wanted}"><p style="background: url({wanted})">x</p>'
    if ":" in wanted:
        with pytest.raises(DataError, match=r"^The page wants to load something; a report on paper holds all that it shows\.$"):
            written(tmp_path / "a.pdf", more)
    else:  # an address without a base leads nowhere
        written(tmp_path / "a.pdf", more)


def test_is_silent_and_changes_no_logger(pango, tmp_path, capfd):
    before = logging.getLogger("weasyprint").level
    written(tmp_path / "a.pdf", '<p style="nonsense: 1; color: nowhere">x</p>')
    assert capfd.readouterr() == ("", "") and logging.getLogger("weasyprint").level == before


SENTENCE = (
    "A PDF needs Pango, a library that pip does not bring: on Debian and Ubuntu apt install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0, on macOS brew install pango, on Windows MSYS2 and in it pacman -S mingw-w64-ucrt-x86_64-pango."
)


@pytest.mark.parametrize("error", [OSError("cannot load library 'libgobject-2.0-0'"), ImportError("no")])
def test_without_pango_one_sentence_says_what_to_install(monkeypatch, error):
    load = builtins.__import__

    def without(name, *args, **options):
        if name.startswith("weasyprint"):
            raise error
        return load(name, *args, **options)

    for name in [name for name in sys.modules if name.startswith("weasyprint")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError, match=f"^{re.escape(SENTENCE)}$"):
        paper.check()
