"""The reports of CDNOW and of the invented company as they are read, all sections: words, headings, links, tables, pictures."""

import re
import warnings
from html.parser import HTMLParser

import nbformat.v4 as v4
import pytest
from test_accessible import Page, outputs
from test_sections import CALLS

from crmlib import report, sections

STRICT = re.compile(r"\b(retention|retained|churn\w*|lost|lapsed|defect\w*|attrition)\b", re.IGNORECASE)


class Text(HTMLParser):
    """What is read on a page: its text, and the words for its pictures."""

    def __init__(self, html):
        super().__init__()
        self.said, self.style = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.style = tag == "style"
        self.said.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag):
        self.style = False

    def handle_data(self, data):
        self.said += [] if self.style else [data]


@pytest.fixture(scope="module", params=["cdnow", "lighthouse"])
def html(request):
    log = sections.open_log(request.param, currency="$")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a report must not print one
        shown = [eval(f"sections.{call}", {"sections": sections, "log": log}) for call in CALLS]
    cells = [v4.new_code_cell("", outputs=outputs(one)) for one in shown]
    about = {"title": f"Report: {request.param}", "generator": "g", "made": "Made", "day": "2024-01-31"}
    pages = v4.new_notebook(cells=cells, metadata={"crmlib_report": about})
    return report.html(pages)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_words_are_strict(html):
    """A log without contracts shows silence: its report never says that a customer is lost or retained."""
    said = " ".join(Text(html).said)
    assert "Definitions and limits" in said and "What the next year may bring" in said and len(said) > 20_000
    assert not STRICT.findall(said)


def test_headings_are_in_order_with_one_of_the_first_rank(page):
    assert page.headings.count(1) == 1 and len(page.headings) > 30
    assert all(later <= earlier + 1 for earlier, later in zip(page.headings, page.headings[1:], strict=False))


def test_every_link_leads_to_an_id_that_is_there_once(page):
    ids = [attrs["id"] for _, attrs, _ in page.tags if "id" in attrs]
    links = {attrs["href"][1:] for attrs in page.all("a")}
    assert len(ids) == len({*ids}) and links <= {*ids} and len(links) > 20


def test_tables_and_pictures_say_what_they_are(page):
    assert len(page.all("table")) == len(page.all("caption")) > 20
    names = [attrs["aria-label"] for attrs in page.all("div") if attrs.get("class", "").startswith("scroll")]
    assert len(names) == len(page.all("table")) and "Table" not in names and all(names)
    assert all(len(image["alt"]) > 40 for image in page.all("img")) and len(page.all("img")) > 15
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))
