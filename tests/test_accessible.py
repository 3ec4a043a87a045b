"""The page of a report for everybody: headings in order, landmarks, names, words for pictures, contrast, paper."""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat.v4 as v4
import pytest
from matplotlib.colors import to_hex

from crmlib import report
from crmlib.conclusions import Finding
from crmlib.inert import Exhibit, Facts, Findings, Picture, Prose, Refusal, Section, Table
from crmlib.plots import look

CSS = (Path(report.__file__).parent / "report_template" / "report.css").read_text(encoding="utf-8")
TABLE = Table(("tier", "customers"), (("top", "<5"), ("small", "95")), caption="The tiers")
SHOWN = [
    Facts("Customer-base audit", (("Customers", "100"),)),
    Section("questions", "What it says", (Findings((Finding("k", "67 %", "It rose.", "So what.", "Who?", "yes", "growth"),), (Refusal("No.", "more", "one period", "lens"),)),)),
    Section("lens", "One period", (Exhibit("growth", "It rose", (Picture(b"png", 700, "Bars by month"), Prose(("So.",), "meaning"), TABLE)),)),
]


def outputs(shown):
    """What a notebook keeps of something shown."""
    if hasattr(shown, "outputs"):
        return [v4.new_output("display_data", data=data, metadata=metadata) for data, metadata in shown.outputs()]
    data = {"text/html": shown._repr_html_(), "text/plain": repr(shown)}
    return [v4.new_output("execute_result", data=data, execution_count=1)]


class Page(HTMLParser):
    """Headings, ids, links, landmarks and what tables and pictures say of themselves."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.headings, self.open = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), list(self.open)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in ("meta", "img") or self.open.pop() == tag  # nbconvert writes them with a stroke at the end

    def all(self, tag):
        return [attrs for name, attrs, _ in self.tags if name == tag]


@pytest.fixture(scope="module")
def page():
    cells = [v4.new_code_cell("", outputs=outputs(shown)) for shown in SHOWN]
    about = {"title": "Report: log", "generator": "g", "made": "Made", "day": "2024-01-31"}
    return Page(report.html(v4.new_notebook(cells=cells, metadata={"crmlib_report": about})))


def test_has_a_language_a_title_and_may_be_enlarged(page):
    assert page.all("html") == [{"lang": "en"}] and len(page.all("title")) == 1
    (viewport,) = [attrs["content"] for attrs in page.all("meta") if attrs.get("name") == "viewport"]
    assert "maximum-scale" not in viewport and "user-scalable" not in viewport


def test_headings_are_in_order_with_one_of_the_first_rank(page):
    assert page.headings == [1, 2, 2, 3]
    assert all(later <= earlier + 1 for earlier, later in zip(page.headings, page.headings[1:], strict=False))


def test_landmarks_are_there_once_and_the_first_link_skips_the_contents(page):
    for tag in ("header", "nav", "main", "footer"):
        assert len(page.all(tag)) == 1, tag
    assert page.all("nav") == [{"aria-label": "Contents"}]
    first = page.all("a")[0]
    assert first == {"class": "skip", "href": "#report"} and page.all("main")[0]["id"] == "report"


def test_every_link_leads_to_an_id_that_is_there_once(page):
    ids = [attrs["id"] for _, attrs, _ in page.tags if "id" in attrs]
    links = [attrs["href"] for attrs in page.all("a")]
    assert len(ids) == len({*ids}) and {link[1:] for link in links} <= {*ids}
    assert "#lens" in links and "#growth" in links
    for _, attrs, _ in page.tags:
        assert attrs.get("aria-labelledby", ids[0]) in ids


def test_pictures_have_words_and_tables_say_what_they_are(page):
    assert [image["alt"] for image in page.all("img")] == ["Bars by month"]
    assert len(page.all("table")) == len(page.all("caption")) == 1
    scopes = [attrs.get("scope") for attrs in page.all("th")]
    assert scopes == ["col", "col", "row", "row"]


def test_what_scrolls_can_be_reached_and_has_a_name(page):
    (scroll,) = [attrs for attrs in page.all("div") if attrs.get("class", "").startswith("scroll")]
    assert (scroll["tabindex"], scroll["role"], scroll["aria-label"]) == ("0", "region", "The tiers")


# ---- contrast, by the formula of WCAG 2.1


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_knows_black_and_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21) and contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_numbers_in_a_heat_map_and_on_bars_stand_out_from_every_shade():
    fine = [look.shades()(place / 500) for place in range(501)]
    used = [*fine, *(shade for number in range(2, 14) for shade in look.even_shades(number)), *look.PALETTE.values(), "white"]
    for shade in used:
        ground = to_hex(shade)
        assert contrast(to_hex(look.readable_on(shade)), ground) >= 4.5, ground


COLOURS = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", CSS))


def test_text_stands_out_from_what_is_behind_it():
    written = re.findall(r"(?<![-\w])color: (var\(--\w+\)|#[0-9a-f]+)", CSS)
    assert len(written) > 10
    for colour in {*written}:
        colour = COLOURS[colour[6:-1]] if colour.startswith("var") else colour
        for ground in ("#ffffff", COLOURS["tint"]):
            assert contrast(colour, ground) >= 4.5, (colour, ground)


def test_paper_has_page_numbers_contents_with_pages_and_nothing_cut():
    paper = CSS[CSS.index("@page") :]
    for rule in ("size: A4", "counter(page)", "string(title)", "target-counter(attr(href), page)", "table-header-group"):
        assert rule in paper
    assert re.search(r"figure, [^}]*break-inside: avoid", paper)
    # a heading never stands alone at the foot of a page, and a table goes over to the next instead of being pushed there
    assert re.search(r"h2, h3, caption, h2 \+ p { break-after: avoid; }", paper) and "columns: 2" in paper
    assert "break-inside" not in re.search(r"\.scroll { ([^}]*)}", paper).group(1)
    assert "url(" not in CSS and "@import" not in CSS
