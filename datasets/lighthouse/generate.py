"""Make the public data set of Lighthouse Coffee: its tables, its truth, the dictionary and the figure of its card.

    uv run python datasets/lighthouse/generate.py

Everything comes from crmlib.company with its public seed and the parameters in crmlib/company/parameters.toml.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from crmlib import datasets
from crmlib.company import make
from crmlib.company.likeness import likeness
from crmlib.company.package import write, write_truth
from crmlib.company.schema import dictionary, with_part, wrong
from crmlib.inert import few_colours
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
    text = card.read_text(encoding="utf-8")
    parts = {"counts": _counts(company), "what is wrong": wrong(), "the dictionary": dictionary("clean", "raw", "truth")}
    for part, made in parts.items():
        text = with_part(text, part, made)
    card.write_text(text, encoding="utf-8", newline="\n")
    logs = {"Lighthouse Coffee": company.clean["transactions"], "CDNOW": datasets.load("cdnow")}
    figure = side_by_side({name: likeness(log) for name, log in logs.items()})
    drawn = BytesIO()
    figure.savefig(drawn, dpi=90)
    (HERE / "likeness.png").write_bytes(few_colours(drawn.getvalue()))


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


if __name__ == "__main__":
    main()
