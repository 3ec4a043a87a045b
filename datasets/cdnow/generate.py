"""Make the data sets cdnow and cdnow_sample from the log that Fader and Hardie published.

    uv run --with lifetimes==0.11.3 python datasets/cdnow/generate.py
    python datasets/cdnow/generate.py FOLDER      where CDNOW_master.txt and CDNOW_sample.txt lie

The lifetimes package carries both files; it is only unpacked, never imported. Nothing is corrected on the way: every
line stays, in its order. Dates become ISO dates, amounts and ids keep their digits. The script checks what it reads,
writes both transactions.csv.gz, and puts their size and hash into the two datapackage.json.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

HEADER = "customer,date,quantity,amount"
PUBLISHED = {  # data set -> file, sha256, lines of heading, how many ids a line begins with
    "cdnow": ("CDNOW_master.txt", "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef", 1, 1),
    "cdnow_sample": ("CDNOW_sample.txt", "6fae10155c0b0ba363c2c386e30f77990d22328220efd862a5edd1443420d94a", 0, 2),
}


def published(name: str, folder: Path | None = None) -> bytes:
    """The published file, from ``folder`` or from the installed lifetimes package; stops if it is not the known one."""
    file, sha256, *_ = PUBLISHED[name]
    if folder is not None:
        path = folder / file
    else:
        try:
            packed = importlib.metadata.files("lifetimes") or []
        except importlib.metadata.PackageNotFoundError:
            sys.exit(
                "lifetimes is not installed; run: uv run --with lifetimes==0.11.3 python datasets/cdnow/generate.py"
            )
        path = next((Path(str(part.locate())) for part in packed if part.name == file), Path(file))
    if not path.is_file():
        sys.exit(f"{path} is not there; it comes with lifetimes 0.11.3.")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        sys.exit(f"{path} is not the published file: its sha256 does not begin with {sha256[:8]}.")
    return content


def translate(content: bytes, *, heading: int, ids: int) -> bytes:
    """The published columns (id, second id in the sample, date, CDs, dollars) as CSV."""
    rows = [HEADER]
    for line in content.decode("ascii").splitlines()[heading:]:
        customer, date, quantity, amount = line.split()[:1] + line.split()[ids:]
        rows.append(f"{customer},{date[:4]}-{date[4:6]}-{date[6:]},{quantity},{amount}")
    return ("\n".join(rows) + "\n").encode("ascii")


def write(folder: Path, csv: bytes) -> None:
    """Write transactions.csv.gz and its size and hash into datapackage.json."""
    target = folder / "transactions.csv.gz"
    with target.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:  # no name, no time: same bytes
        packed.write(csv)
    card = folder / "datapackage.json"
    package = json.loads(card.read_text(encoding="utf-8"))
    resource = package["resources"][0]
    resource["bytes"] = target.stat().st_size
    resource["hash"] = "sha256:" + hashlib.sha256(target.read_bytes()).hexdigest()
    card.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def main(folder: Path | None = None) -> None:
    datasets = Path(__file__).resolve().parents[1]
    for name, (_, _, heading, ids) in PUBLISHED.items():
        write(datasets / name, translate(published(name, folder), heading=heading, ids=ids))
        print(f"datasets/{name}/transactions.csv.gz")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
