"""Text from the data stays text."""

import io
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from crmlib import plots
from crmlib.conclusions import Finding
from crmlib.inert import Facts, Findings, Picture, Prose, Refusal, Table, picture, safe

NASTY = [
    "<script>alert(1)</script>",
    "$x^2$",
    "[a](javascript:alert(1))",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt;",
    "'`${7*7}`",
    "{{7*7}}",
]
OWN = {
    "p",
    "ul",
    "li",
    "h1",
    "dl",
    "dt",
    "dd",
    "div",
    "strong",
    "span",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "caption",
}
OWN_ATTRIBUTES = {"class", "scope", "tabindex", "role", "aria-label"}


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


SHOWN = {
    "prose": lambda text: Prose((text,)),
    "list": lambda text: Prose((text,), "list"),
    "facts": lambda text: Facts(text, ((text, text),)),
    "findings": lambda text: Findings((Finding("key", text, text, text),), (Refusal(text, text, text, asked=text),)),
    "refusal": lambda text: Refusal(text, text, text),
    "table": lambda text: Table((text,), ((text,),), caption=text),
}
each_kind = pytest.mark.parametrize("make", SHOWN.values(), ids=SHOWN)


@each_kind
@pytest.mark.parametrize("nasty", NASTY)
def test_shows_text_letter_by_letter(make, nasty):
    page = Page(make(nasty)._repr_html_())
    assert page.tags <= OWN and page.attributes <= OWN_ATTRIBUTES
    assert nasty in page.text
    assert nasty in repr(make(nasty))


@each_kind
@given(text=st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_no_text_makes_a_tag(make, text):
    page = Page(make(text)._repr_html_())
    assert page.tags <= OWN and page.attributes <= OWN_ATTRIBUTES


@each_kind
def test_jupyter_is_told_not_to_typeset(make):
    html = make("costs $5 or $6")._repr_html_()
    first = html[: html.index(">")]
    assert "tex2jax_ignore" in first and "mathjax_ignore" in first


@each_kind
def test_nothing_is_markdown(make):
    assert not hasattr(make("*x*"), "_repr_markdown_")


@pytest.mark.parametrize("control", ["\u202e", "\u200b", "\x00", "\x1b", "\u2066"])
def test_what_would_turn_or_hide_text_is_shown_as_a_sign(control):
    assert safe(f"a{control}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_a_number_and_its_unit_stay_on_one_line():
    html = Prose(("It is 67.8 % since 1997-03-25.",))._repr_html_()
    assert '<span class="whole">67.8 %</span>' in html
    assert '<span class="whole">1997-03-25</span>' in html


def test_a_table_as_text_is_aligned():
    table = Table(("who", "money"), (("a", "$1"), ("bcd", "$1,000")))
    assert repr(table) == "who   money\na        $1\nbcd  $1,000"


def test_a_picture_is_small_and_has_words():
    ax = plots.canvas(4, 2)
    ax.plot([1, 2])
    ax.set_title("Up", loc="left")
    shown = picture(ax)
    data, about = shown._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert about["image/png"] == {"alt": "Up", "width": 400}
    image = Image.open(io.BytesIO(shown.png))
    assert image.size == (440, 220) and image.mode == "P"
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert len(shown.png) < 15_000
    assert picture(ax).png == shown.png
    assert isinstance(shown, Picture) and repr(shown) == "[figure: Up]"
    assert not hasattr(shown, "_repr_html_")  # or a notebook would hold it twice


def test_a_refusal_leads_to_the_nearest_view_and_says_the_same_as_text():
    shown = Refusal("The log lacks <b>.", "more", "one period", "one-period", "Who?")
    assert repr(shown) == "Who? The log lacks <b>. What would mend it: more. The nearest view that is valid: one period."
    page = Page(shown._repr_html_())
    assert page.tags == {"p", "a"} and page.text == repr(shown)
    assert '<a href="#one-period">one period</a>.' in shown._repr_html_()
