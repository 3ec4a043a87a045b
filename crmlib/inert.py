"""What a report shows: sentences, findings, tables, pictures. Text from the data can never become markup here.

Each object shows itself as HTML in a notebook and as plain text everywhere else. All HTML of the report is written in
this module, and every piece of text passes `safe` on its way in. Nothing is ever shown as Markdown.
"""

from __future__ import annotations

import base64
import html
import io
import itertools
import re
from dataclasses import dataclass

__all__ = [
    "Exhibit", "Facts", "Findings", "Picture", "Prose", "Refusal", "Section", "Table", "few_colours", "picture", "safe", "visible",
]  # fmt: skip

_SHORT = 14  # letters of a cell that stay on one line, such as a period or a date
_WIDE = 9  # columns, above which a table is set closer
# Jupyter typesets what stands between two dollar signs, also in HTML, unless it is told not to.
PLAIN = "tex2jax_ignore mathjax_ignore"
# What browsers do not show, or what turns the direction of the text around it; a data set has no use for them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_NUMBER = re.compile(r"-?\d[\d,.]* %|\d{4}-\d\d-\d\d")


def safe(text) -> str:
    """Text as HTML that shows it letter by letter.

    >>> safe("<b>& 'x'")
    '&lt;b&gt;&amp; &#x27;x&#x27;'
    """
    return html.escape(visible(text), quote=True)


def visible(text) -> str:
    """Text with a sign of replacement for what cannot be seen or turns the direction of what stands around it."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(text))


def _sentence(text):
    """Safe text in which a number with its sign of per cent, and a date, stay on one line."""
    return _NUMBER.sub(lambda found: f'<span class="whole">{found.group()}</span>', safe(text))


@dataclass(frozen=True)
class Prose:
    """Sentences. ``kind``: "text", "meaning" (under a figure) or "list"."""

    sentences: tuple[str, ...]
    kind: str = "text"

    def __repr__(self):
        return "\n".join(self.sentences)

    def _repr_html_(self):
        if self.kind == "list":
            return f'<ul class="{PLAIN}">{"".join(f"<li>{_sentence(each)}</li>" for each in self.sentences)}</ul>'
        return "".join(f'<p class="{self.kind} {PLAIN}">{_sentence(each)}</p>' for each in self.sentences)


@dataclass(frozen=True)
class Facts:
    """A title and what stands under it: pairs of a name and a value."""

    title: str
    pairs: tuple[tuple[str, str], ...]

    def __repr__(self):
        return "\n".join([self.title, *(f"{name}: {value}" for name, value in self.pairs)])

    def _repr_html_(self):
        pairs = "".join(f"<div><dt>{safe(name)}</dt><dd>{safe(value)}</dd></div>" for name, value in self.pairs)
        return f'<h1 class="{PLAIN}">{safe(self.title)}</h1><dl class="facts {PLAIN}">{pairs}</dl>'


@dataclass(frozen=True)
class Refusal:
    """A part that the log cannot carry: why, what would mend it, and the nearest view, which stands under the key ``link``;
    ``asked`` are the questions that stay without an answer."""

    why: str
    mends: str
    view: str
    link: str = ""
    asked: str = ""

    def __repr__(self):
        return f"{self._reason}{self.view}."

    @property
    def _reason(self):
        asked = f"{self.asked} " if self.asked else ""
        return f"{asked}{self.why} What would mend it: {self.mends}. The nearest view that is valid: "

    def inside(self) -> str:
        """As HTML, to stand in a paragraph or in a list."""
        view = safe(self.view)
        return f"{_sentence(self._reason)}" + (f'<a href="#{safe(self.link)}">{view}</a>.' if self.link else f"{view}.")

    def _repr_html_(self):
        return f'<p class="refused {PLAIN}">{self.inside()}</p>'


def _finding(finding):
    question = f'<span class="question">{safe(finding.question)}</span> ' if finding.question else ""
    link = (
        f' <a href="#{finding.link}">See why<span class="hidden">: {safe(finding.question)}</span></a>'
        if finding.link
        else ""
    )
    return (
        f"<div><dt>{safe(finding.figure)}</dt><dd>{question}<strong>{_sentence(finding.sentence)}</strong> "
        f"{_sentence(finding.detail)}{link}</dd></div>"
    )


@dataclass(frozen=True)
class Findings:
    """Conclusions, each with its number; after them what the log does not allow to say."""

    findings: tuple
    unsaid: tuple[Refusal, ...] = ()

    def __repr__(self):
        said = [
            " ".join(filter(None, (finding.question, finding.sentence, finding.detail))) for finding in self.findings
        ]
        return "\n".join([*said, *(f"Not said here. {refusal}" for refusal in self.unsaid)])

    def _repr_html_(self):
        rows = "".join(map(_finding, self.findings))
        unsaid = "".join(f"<li>{refusal.inside()}</li>" for refusal in self.unsaid)
        unsaid = (
            f'<div class="unsaid {PLAIN}"><p>What this log does not allow to say:</p><ul>{unsaid}</ul></div>'
            if unsaid
            else ""
        )
        return f'<dl class="findings {PLAIN}">{rows}</dl>{unsaid}'


@dataclass(frozen=True)
class Table:
    """Rows of ready text under headings. Columns whose place is in ``words`` are text, the others numbers."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)
    caption: str = ""

    def __repr__(self):
        cells = [self.headings, *self.rows]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.headings))]
        shown = [
            "  ".join(text.ljust(width) if place in self.words else text.rjust(width)
                      for place, (text, width) in enumerate(zip(row, widths, strict=True))).rstrip()
            for row in cells
        ]  # fmt: skip
        return "\n".join([*([self.caption] if self.caption else []), *shown])

    def _repr_html_(self):
        kinds = ["w" if place in self.words else "" for place in range(len(self.headings))]  # numbers need no class
        head = "".join(
            f'<th scope="col"{_class(kind)}>{safe(text)}</th>' for kind, text in zip(kinds, self.headings, strict=True)
        )
        body = "".join(
            f"<tr>{''.join(self._cell(place, kind, text) for place, (kind, text) in enumerate(zip(kinds, row, strict=True)))}</tr>"
            for row in self.rows
        )
        caption = f"<caption>{safe(self.caption)}</caption>" if self.caption else ""
        wide = ' class="wide"' if len(self.headings) > _WIDE else ""
        # tabindex: a table wider than a phone can be scrolled with the keyboard too
        return (
            f'<div class="scroll {PLAIN}" role="region" aria-label="{safe(self.caption or "Table")}" tabindex="0">'
            f"<table{wide}>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _cell(self, place, kind, text):
        """The first column, where it is words, names the row."""
        tag = "th" if place == 0 and kind == "w" else "td"
        scope = ' scope="row"' if tag == "th" else ""
        kind += " short" if kind == "w" and len(text) <= _SHORT else ""
        return f"<{tag}{scope}{_class(kind)}>{safe(text)}</{tag}>"


def _class(kind):
    return f' class="{kind}"' if kind else ""


@dataclass(frozen=True)
class Picture:
    """A PNG with its width in CSS pixels and the words for those who do not see it."""

    png: bytes
    width: int
    words: str

    def __repr__(self):
        return f"[figure: {self.words}]"

    def as_html(self):
        """As a part of an exhibit; alone it shows itself as a PNG, so that no notebook holds it twice."""
        image = base64.b64encode(self.png).decode()
        return (
            f'<figure><img src="data:image/png;base64,{image}" alt="{safe(self.words)}" width="{self.width}"></figure>'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"image/png": base64.b64encode(self.png).decode(), "text/plain": repr(self)}
        return data, {"image/png": {"width": self.width, "alt": self.words}}


def _html(part):
    return part.as_html() if isinstance(part, Picture) else part._repr_html_()


@dataclass(frozen=True)
class Exhibit:
    """A finding and what bears it out: its title is the sentence; its parts are pictures, sentences and tables."""

    key: str
    title: str
    parts: tuple

    def __repr__(self):
        return "\n".join([self.title, *map(repr, self.parts)])

    def pieces(self) -> list:
        """Its title and parts, as HTML or as a `Picture`."""
        title = f'<h3 id="{self.key}" class="{PLAIN}">{_sentence(self.title)}</h3>'
        return [title, *(part if isinstance(part, Picture) else _html(part) for part in self.parts)]

    def _repr_html_(self):
        return "".join(piece if isinstance(piece, str) else _html(piece) for piece in self.pieces())


@dataclass(frozen=True)
class Section:
    """A heading, which the contents of the page list, and the exhibits, sentences and tables under it.

    ``sheets`` are tables that the page does not show: the workbook of the report has them too.
    """

    key: str
    heading: str
    parts: tuple
    sheets: tuple[Table, ...] = ()

    def __repr__(self):
        return "\n\n".join([self.heading, *map(repr, self.parts)])

    def outputs(self) -> list:
        """What a notebook shows: (data, metadata) of HTML and of pictures in turn, so that a picture stays a picture there."""
        pieces = [f'<h2 id="{self.key}" class="{PLAIN}">{safe(self.heading)}</h2>']
        for part in self.parts:
            pieces += (
                part.pieces() if isinstance(part, Exhibit) else [part if isinstance(part, Picture) else _html(part)]
            )
        shown = []
        for is_picture, some in itertools.groupby(pieces, lambda piece: isinstance(piece, Picture)):
            shown += [one._repr_mimebundle_() for one in some] if is_picture else [({"text/html": "".join(some)}, {})]
        shown[0][1]["text/html"] = {"headings": [[self.key, self.heading]]}
        return shown

    def _ipython_display_(self):
        from IPython.display import publish_display_data

        for data, metadata in self.outputs():
            publish_display_data(data, metadata)


def few_colours(png: bytes, most=64) -> bytes:
    """The same chart in at most ``most`` colours: charts have few, so it looks the same and takes a quarter of the bytes."""
    from PIL import Image

    small, drawn = io.BytesIO(), Image.open(io.BytesIO(png))
    if drawn.mode == "P":  # it has been done before
        return png
    colours = drawn.convert("RGB").quantize(most, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    colours.save(small, "PNG", optimize=True)
    return small.getvalue()


def picture(ax, *, words=None, dpi=110, colours=16) -> Picture:
    """The figure of these axes as a `Picture`; ``words`` defaults to the title of the axes.

    A report has some thirty of them and must still go by mail: dots and colours are as many as that allows.
    """
    drawn = io.BytesIO()
    ax.figure.savefig(drawn, format="png", dpi=dpi, pil_kwargs={"compress_level": 1})
    title = " ".join(ax.get_title(loc="left").split())
    return Picture(few_colours(drawn.getvalue(), colours), round(ax.figure.get_figwidth() * 100), words or title)
