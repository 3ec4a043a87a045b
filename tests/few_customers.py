"""Where a table of a report counts one to four customers, which it must not."""

import re

COUNTS = {
    "customers", "of them new", "active", "inactive", "moved up", "stayed", "moved down", "fell silent", "came", "new", "buyers",
    "members", "bought again", "again", "returning",
}  # fmt: skip


def small_counts(table):
    """Cells of 1 to 4 in the columns that count customers, and those that say so themselves."""
    places = [place for place, heading in enumerate(table.headings) if heading in COUNTS]
    found = [row[place] for row in table.rows for place in places if row[place] in ("1", "2", "3", "4")]
    return found + [cell for row in table.rows for cell in row if re.match(r"[1-4] (active|bought|customers?)\b", cell)]
