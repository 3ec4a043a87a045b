"""The moves between tiers as a report shows them: no hidden number of customers follows from all the others on the page."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from crmlib import audit, captions, datasets, pyramid, section_tables, sections
from crmlib.audit import Moved
from crmlib.frames import rows_of
from crmlib.moves_shown import moves_shown
from crmlib.periods import ABSENT
from crmlib.small_groups import HIDDEN, is_small

TIERS = [name for name, _ in pyramid.TIERS]
ACTIVE = [*TIERS, pyramid.NON_POSITIVE]
AFTER = [*ACTIVE, pyramid.INACTIVE]
BEFORE = [*AFTER, ABSENT]


def square(rows):
    """Moves from a dictionary of a tier before to its customers in `AFTER`."""
    found = [(one, other, n) for one, line in rows.items() for other, n in zip(AFTER, line, strict=True) if n]
    return pd.DataFrame(found, columns=["from", "to", "customers"])


def of(pairs):
    moved = Moved("before", "after", pyramid.answers(pairs), pairs)
    return SimpleNamespace(audit=SimpleNamespace(moved=moved)), moved


def told(log):
    """What the section says: the numbers in the chart, the places that are hatched in it, and the table by tier."""
    names = {name.replace("_", " "): name for name in AFTER} | {"not a customer yet": ABSENT}
    return *charted(log, names), {names[row[0]]: row[1:] for row in section_tables.moves(log).rows}


def charted(log, names):
    chart = sections._moves_drawn(log, log.audit.moved)
    rows, columns = ([label.get_text() for label in axis.get_ticklabels()] for axis in (chart.yaxis, chart.xaxis))
    rows = [names[row.rsplit(" (", 1)[0]] for row in rows]
    columns = [names[column] for column in columns]
    shown = {}
    for text in chart.texts:
        x, y = text.xy
        shown[rows[int(y)], columns[int(x)]] = int(text.get_text().replace(",", ""))
    hatched = {(rows[int(one.get_y())], columns[int(one.get_x())]) for one in chart.patches if one.get_hatch()}
    return shown, hatched


def ranges(pairs):
    """For each hatched cell the least and the greatest number that agrees with all the page says of these customers."""
    log, _ = of(pairs)
    shown, hatched, table = told(log)
    true = {(row["from"], row["to"]): row["customers"] for row in rows_of(pairs)}
    assert shown == {pair: n for pair, n in true.items() if pair not in hatched}
    hidden = sorted(hatched)
    less, at_most, equal, sums = [], [], [], []

    def know(pairs, total):
        equal.append([float(pair in pairs) for pair in hidden])
        sums.append(total - sum(shown.get(pair, 0) for pair in pairs))

    def between(pairs, low, high):
        of_shown = sum(shown.get(pair, 0) for pair in pairs)
        for sign, limit in ((-1, -(low - of_shown)), (1, high - of_shown)):
            less.append([sign * float(pair in pairs) for pair in hidden])
            at_most.append(limit)

    number = lambda text: int(text.replace(",", ""))  # noqa: E731
    for origin, (total, *answers) in table.items():
        groups = {name: {(origin, to) for to in AFTER if pyramid.answer(origin, to) == name} for name in pyramid.ANSWERS}
        for cells, text in [({(origin, to) for to in AFTER}, total), *zip(groups.values(), answers, strict=True)]:
            if text == "<5":
                between(cells, 1, 4)
            elif text != HIDDEN:
                know(cells, number(text))
    everybody = lambda origins, to: {(one, other) for one in origins for other in to}  # noqa: E731
    # what other tables say: the tiers after, the rates (fell silent, came back, still silent), all customers
    of_the_page = [everybody(BEFORE, [to]) for to in AFTER]
    of_the_page += [everybody(ACTIVE, [pyramid.INACTIVE]), everybody([pyramid.INACTIVE], ACTIVE), everybody(BEFORE, AFTER)]
    of_the_page += [everybody([one], AFTER) for one in BEFORE] + [everybody(ACTIVE, AFTER)]
    for cells in of_the_page:
        total = sum(true.get(pair, 0) for pair in cells)
        if not is_small(total):
            know(cells, total)
    found = {}
    for place, pair in enumerate(hidden):
        aim = np.zeros(len(hidden))
        aim[place] = 1
        ends = [linprog(sign * aim, A_ub=less or None, b_ub=at_most or None, A_eq=equal, b_eq=sums, bounds=(1, None)) for sign in (1, -1)]
        assert not any(end.status for end in ends)
        found[pair] = round(ends[0].fun), round(-ends[1].fun)
        assert found[pair][0] <= true[pair] <= found[pair][1]
    return found


@pytest.fixture(scope="module")
def lighthouse():
    tx = datasets.load("lighthouse")
    return tx, audit.audit(tx, as_of=tx["date"].max())


def test_the_square_of_a_real_log_cannot_be_reconstructed(lighthouse):
    found = ranges(lighthouse[1].moved.pairs)
    assert len(found) > 5 and all(low < high for low, high in found.values()), found


def test_the_square_of_the_panel_cannot_be_reconstructed(cdnow_log):
    found = ranges(audit.audit(cdnow_log, as_of="1998-06-30").moved.pairs)
    assert len(found) == 4 and all(low < high for low, high in found.values()), found


def test_moves_and_rates_count_the_two_last_years_of_the_calendar(lighthouse):
    """2024 has 366 days: who bought on its first day alone was active in it."""
    tx, found = lighthouse
    years = {2024: set(), 2025: set()}
    for customer, day, amount in tx[["customer", "date", "amount"]].itertuples(index=False):
        if amount >= 0 and day.year in years:
            years[day.year].add(customer)
    since, rates = found.rates
    rates = {row["rate"]: row for row in rows_of(rates)}
    assert str(since) == "2025-01-01"
    assert rates["inactive rate"]["denominator"] == len(years[2024])
    assert rates["inactive rate"]["numerator"] == len(years[2024] - years[2025])
    assert rates["net growth rate"]["numerator"] == len(years[2025]) - len(years[2024])
    assert (found.moved.before, found.moved.after) == ("from 2024-01-01 to 2024-12-31", "from 2025-01-01 to 2025-12-31")
    square = moves_shown(found.moved.pairs)
    assert sum(square.size(name) for name in ACTIVE if name in square.before) == len(years[2024])
    assert sum(square.counts.get((name, "inactive"), 0) for name in ACTIVE) == len(years[2024] - years[2025])


def test_what_few_came_back_does_not_follow_from_the_rates():
    def rates(back):
        rows = [("inactive rate", 40, 100), ("gross growth rate", 30, 100), ("net growth rate", 30 - 40 + back, 100), ("repeat rate", 50, 90)]
        rows = [{"rate": name, "numerator": n, "denominator": of, "numerator_is": "these", "denominator_is": "those", "value": n / of}
                for name, n, of in rows]  # fmt: skip
        log = SimpleNamespace(audit=SimpleNamespace(rates=("2025-01-01", pd.DataFrame(rows)), facts=SimpleNamespace(as_of="2025-12-31")))
        return {row[0]: row[1:3] for row in section_tables.rates(log).rows}

    assert rates(7)["net growth rate"] == ("-3.0 %", "-3 these") and rates(7)["gross growth rate"] == ("30.0 %", "30 these")
    few = rates(3)
    assert few["net growth rate"] == few["gross growth rate"] == (HIDDEN, f"{HIDDEN} these")
    assert few["inactive rate"] == ("40.0 %", "40 these")


def test_the_first_per_cent_has_the_share_of_as_many_customers_as_it_counts(lighthouse):
    tx, found = lighthouse
    money = sorted((n for n in tx.groupby("customer")["amount"].sum() if n >= 0), reverse=True)
    row = rows_of(found.top)[0]
    size = -(-len(money) // 100)  # 40.2 of 4,020, rounded up
    assert row["customers"] == size == 41
    assert row["share_of_revenue"] == pytest.approx(sum(money[:41]) / sum(money), abs=1e-9)


CELL = st.integers(0, 9) | st.integers(0, 400)


@pytest.fixture(scope="module")
def quick_chart():
    """The cells of the chart without drawing it, which takes most of the time."""

    def cells(log, names):
        square = moves_shown(log.audit.moved.pairs)
        return {pair: n for pair, n in square.counts.items() if square.open(*pair)}, set(square.hides)

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(globals(), "charted", cells)
        yield


@settings(deadline=None, max_examples=40)
@given(lines=st.lists(st.lists(CELL, min_size=6, max_size=6), min_size=7, max_size=7))
def test_no_square_can_be_reconstructed(lines, quick_chart):
    pairs = square(dict(zip(BEFORE, lines, strict=True)))
    counts = dict(zip(BEFORE, lines, strict=True))
    totals = [*map(sum, lines), *map(sum, zip(*lines, strict=True)), sum(counts[ABSENT][:5]), sum(counts["inactive"][:5]), counts["inactive"][5],
              counts[ABSENT][5], sum(counts[one][5] for one in ACTIVE)]  # fmt: skip
    assume(not any(is_small(n) for n in totals) and len({one for one in pairs["from"]} & set(TIERS)))
    found, (_, hatched, _) = ranges(pairs), told(of(pairs)[0])
    for (one, other), (low, high) in found.items():
        n = counts[one][AFTER.index(other)]
        line = [(one, to) for to in AFTER] + [(origin, other) for origin in BEFORE]
        rest = [pair for pair in line if counts[pair[0]][AFTER.index(pair[1])] and pair not in hatched and not
                (pair[0] in ("inactive", ABSENT) and pair[1] == "inactive")]  # fmt: skip
        assert low < high or not is_small(n) or not rest, (one, other, low, high)


EXAMPLE = {
    "top": [4, 9, 0, 0, 0, 17], "large": [6, 13, 15, 13, 0, 28], "medium": [3, 11, 66, 83, 0, 118],
    "small": [0, 20, 99, 593, 0, 810], "non_positive": [0, 0, 0, 7, 0, 8], "inactive": [0, 6, 8, 75, 0, 358], ABSENT: [11, 55, 214, 1369, 0, 0],
}  # fmt: skip


def test_chart_table_title_and_alt_text_hide_the_same_cells():
    log, moved = of(square(EXAMPLE))
    # two are small: 4 top -> top and 3 medium -> top; each needs another cell of its row
    found = moves_shown(moved.pairs)
    assert found.hides == {("top", "top"), ("top", "large"), ("medium", "top"), ("medium", "large")}
    _, hatched, table = told(log)
    assert hatched == found.hides
    assert table["top"] == ("30", "0", "<5", HIDDEN, "17", "0")
    # up holds two hidden cells and nothing else of the tier is hidden: 281 - 66 - 83 - 118 says as much
    assert table["medium"] == ("281", "14", "66", "83", "118", "0")
    assert captions.moves(moved).title == "Of 75 customers in the large tier 17 % stayed in it, 37 % fell silent"
    assert "Hatched cells hold customers whose number is hidden." in captions.moves(moved).meaning
    words = sections._moves_in_words(log, moved)
    assert words.endswith("4 cells with customers are hidden.") and "not a customer yet to small 1,369" in words
    for (one, other), n in itertools.chain.from_iterable([[(pair, found.counts[pair])] for pair in found.hides]):
        assert f"from {one} to {other} {n}" not in words


def test_a_square_without_small_cells_hides_nothing():
    log, moved = of(square({"top": [6, 0, 0, 0, 0, 7], "small": [0, 0, 0, 90, 0, 60]}))
    assert not moves_shown(moved.pairs).hides
    assert "hidden" not in captions.moves(moved).meaning and "hidden" not in sections._moves_in_words(log, moved)


def test_a_tier_of_few_hides_its_size_and_another_of_the_active():
    sizes = moves_shown(square({"top": [0, 3, 0, 0, 0, 0], "large": [0, 9, 0, 5, 0, 0], "small": [0, 0, 0, 90, 0, 60],
                                ABSENT: [0, 0, 0, 70, 0, 0]})).sizes  # fmt: skip
    assert sizes == {"top": "<5", "large": HIDDEN, "small": "150", ABSENT: "70"}


@pytest.mark.parametrize(("still", "hidden"), [(3, True), (8, False)])
def test_the_few_who_remained_silent_are_hidden(still, hidden):
    found = moves_shown(square({"small": [0, 0, 0, 90, 0, 60], "inactive": [0, 0, 0, 20, 0, still]}))
    assert (("inactive", "inactive") in found.hides) == hidden
