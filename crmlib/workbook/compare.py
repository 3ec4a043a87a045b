"""Whether a notebook shows now what it showed when it was built: text to the letter, pictures by their pixels."""

from __future__ import annotations

import base64
import io

__all__ = ["PICTURE_TOLERANCE", "differences", "picture_difference"]

# Mean absolute difference of a channel, of 255; pictures of two sizes always differ. On a chart of usual size a changed
# digit in its title makes 0.02, a bar 2 % higher 0.1, and rounding in the last bits of the data nothing at all.
PICTURE_TOLERANCE = 0.005


def differences(committed, now, what: str, *, tolerance: float = PICTURE_TOLERANCE) -> list[str]:
    """Sentences that name notebook, cell and difference; none if both show the same."""
    if [(cell.cell_type, cell.source) for cell in committed.cells] != [
        (cell.cell_type, cell.source) for cell in now.cells
    ]:
        return [f"{what}: its cells are not those of its source."]
    found = []
    for number, (old, new) in enumerate(zip(committed.cells, now.cells), 1):
        first_line = old.source.strip().splitlines()[0] if old.source.strip() else "empty"
        difference = _of_cells(old, new, tolerance)
        if difference:
            found.append(f"{what}, cell {number} ({first_line}): {difference}")
    if not found and _frame(committed) != _frame(now):
        found.append(f"{what}: its metadata, cell ids or counts are not those of a new build.")
    return found


def _frame(notebook) -> list:
    """All of a notebook but what its cells show."""
    cells = [{name: value for name, value in cell.items() if name != "outputs"} for cell in notebook.cells]
    return [notebook.metadata, notebook.nbformat, notebook.nbformat_minor, cells]


def picture_difference(old: bytes, new: bytes, *, tolerance: float = PICTURE_TOLERANCE) -> str:
    """How two PNGs differ, in words; empty if they have one size and differ by at most ``tolerance`` of 255 a pixel."""
    import numpy as np
    from PIL import Image

    one, other = (Image.open(io.BytesIO(picture)).convert("RGBA") for picture in (old, new))
    if one.size != other.size:
        return f"the picture had {one.size[0]} x {one.size[1]} pixels, now it has {other.size[0]} x {other.size[1]}."
    distance = float(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float)).mean())
    if distance <= tolerance:
        return ""
    return f"the pictures differ by {distance:.3f} of 255 a pixel on average; at most {tolerance} is let pass."


def _of_cells(old, new, tolerance: float) -> str:
    before, after = old.get("outputs", []), new.get("outputs", [])
    if [output.output_type for output in before] != [output.output_type for output in after]:
        return f"it showed {len(before)} outputs, now {len(after)}, or others."
    for one, other in zip(before, after):
        if one.get("name") != other.get("name") or set(one.get("data", ())) != set(other.get("data", ())):
            return "it shows another kind of output."
        pairs = [(one.get("text", ""), other.get("text", ""))]
        pairs += [(one.data[kind], other.data[kind]) for kind in one.get("data", ()) if kind != "image/png"]
        for was, is_now in pairs:
            if was != is_now:
                return f"the text {_first_difference(was, is_now)}"
        if "image/png" in one.get("data", ()):
            pictures = (base64.b64decode(output.data["image/png"]) for output in (one, other))
            if said := picture_difference(*pictures, tolerance=tolerance):
                return said
    return ""


def _first_difference(was: str, is_now: str) -> str:
    old, new = was.splitlines(), is_now.splitlines()
    for line, other in zip(old, new):
        if line != other:
            return f"was {line.strip()[:80]!r}, now it is {other.strip()[:80]!r}."
    return f"had {len(old)} lines, now it has {len(new)}."
