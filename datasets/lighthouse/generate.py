"""Make the public data set of Lighthouse Coffee: its tables, its truth, the dictionary and the figure of its card.

    uv run python datasets/lighthouse/generate.py

Everything comes from crmlib.company with its public seed and the parameters in crmlib/company/parameters.toml.
"""

from __future__ import annotations

from pathlib import Path

from crmlib import datasets
from crmlib.company import make
from crmlib.company.likeness import likeness
from crmlib.company.package import write, write_truth
from crmlib.company.schema import with_dictionary, wrong
from crmlib.plots.likeness import side_by_side

HERE = Path(__file__).parent
STORY = (
    "Lighthouse Coffee is an invented roastery that sells to households and businesses. All its tables share one customer id. "
    "The company and everybody in it are made up by a program; what lies behind the numbers is in the folder truth."
)


def main() -> None:
    """Write clean/, raw/, truth/, both datapackage.json, likeness.png and the dictionary in README.md."""
    company = make()
    write(company, HERE, name="lighthouse", title="Lighthouse Coffee, 2023 to 2025", description=STORY)
    write_truth(company, HERE / "truth", name="lighthouse-truth", title="The truth about Lighthouse Coffee", description=STORY)
    card = HERE / "README.md"
    text = with_dictionary(card.read_text(encoding="utf-8"), "clean", "raw", "truth")
    text = _with(text, "what is wrong: from crmlib/company/wrong.md; change it there", "what is wrong", wrong())
    text = _with(text, "counts: made by the generator", "counts", _counts(company))
    card.write_text(text, encoding="utf-8", newline="\n")
    logs = {"Lighthouse Coffee": company.clean["transactions"], "CDNOW": datasets.load("cdnow")}
    figure = side_by_side({name: likeness(log) for name, log in logs.items()})
    _save(figure, HERE / "likeness.png")


def _with(card, begin, end, text):
    """The card with the text between two of its marks."""
    before, _, rest = card.partition(f"<!-- {begin} -->")
    _, _, after = rest.partition(f"<!-- end of {end} -->")
    return f"{before}<!-- {begin} -->\n\n{text}\n<!-- end of {end} -->{after}"


def _counts(company):
    """How many rows each table has, and how many defects of each kind are planted."""
    planted = company.truth["defects"].assign(kind=lambda t: t["kind"].str.split("; ")).explode("kind")
    kinds = planted.groupby(["table", "kind"]).size().reset_index(name="defects")
    rows = ["| table | rows |", "|---|---|"]
    rows += [f"| {name} | {len(table):,} |" for name, table in company.clean.items()]
    rows += [f"| raw_{name} | {len(table):,} |" for name, table in company.raw.items()]
    rows += ["", "| planted in | defect | number |", "|---|---|---|"]
    rows += [f"| raw_{row.table} | {row.kind} | {row.defects:,} |" for row in kinds.itertuples()]
    return "\n".join(rows) + "\n"


def _save(figure, place):
    """A picture of 32 colours, which is enough for lines and half the bytes."""
    from io import BytesIO

    from PIL import Image

    drawn = BytesIO()
    figure.savefig(drawn, dpi=90)
    Image.open(drawn).convert("RGB").quantize(32).save(place, optimize=True)


if __name__ == "__main__":
    main()
