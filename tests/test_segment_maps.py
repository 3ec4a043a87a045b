import io

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build

from crmlib.errors import DataError
from crmlib.rfm import segments
from crmlib.segment_maps import (
    ACTIONS, CORE_TO_GENERAL, NO_PURCHASE, TEN_SEGMENTS, TWO_BY_TWO, MapCheck, Rule, SegmentMap, check_map,
)  # fmt: skip

# Two maps in wide use, as published; neither is offered by crmlib. The default of R's rfm since 0.3, and the one before
# it, which follows Putler's. The second is read in the order of its table, first match wins.
R_RFM = [
    ("Champions", (5, 5), (5, 5), (5, 5)),
    ("Potential Loyalist", (3, 5), (3, 5), (2, 5)),
    ("Loyal Customers", (2, 4), (2, 4), (2, 4)),
    ("Promising", (3, 4), (1, 3), (3, 5)),
    ("New Customers", (4, 5), (1, 3), (1, 5)),
    ("Can't Lose Them", (1, 2), (3, 4), (4, 5)),
    ("At Risk", (1, 2), (2, 5), (4, 5)),
    ("Need Attention", (1, 3), (3, 5), (3, 5)),
    ("About To Sleep", (2, 3), (1, 3), (1, 4)),
    ("Lost", (1, 1), (1, 5), (1, 5)),
]
PUTLER_LIKE = [
    ("Champions", (4, 5), (4, 5), (4, 5)),
    ("Loyal", (2, 5), (3, 5), (3, 5)),
    ("Potential", (3, 5), (1, 3), (1, 3)),
    ("New", (4, 5), (1, 1), (1, 1)),
    ("Promising", (3, 4), (1, 1), (1, 1)),
    ("Need Attention", (2, 3), (2, 3), (2, 3)),
    ("About To Sleep", (2, 3), (1, 2), (1, 2)),
    ("At Risk", (1, 2), (2, 5), (2, 5)),
    ("Can't Lose Them", (1, 1), (4, 5), (4, 5)),
    ("Lost", (1, 2), (1, 2), (1, 2)),
]


def test_the_map_of_r_rfm_has_ten_holes_and_58_overlaps():
    check = check_map(R_RFM)
    assert set(check.uncovered) == {"215", "241", "251", "252", "341", "351", "441", "451", "541", "551"}
    assert len(check.overlaps) == 58
    assert check.unreachable == ()
    assert [cells for _, cells in check.sizes] == [1, 35, 15, 8, 15, 6, 7, 4, 10, 14]
    assert [name for name, _ in check.sizes] == [row[0] for row in R_RFM]


def test_the_older_map_never_reaches_three_of_its_segments():
    check = check_map(PUTLER_LIKE, bins=5)
    assert len(check.uncovered) == 36
    assert len(check.overlaps) == 39
    assert check.unreachable == ("New", "Promising", "Can't Lose Them")
    assert sum(cells for _, cells in check.sizes) == 125 - 36


@pytest.mark.parametrize("rows", [R_RFM, PUTLER_LIKE])
def test_neither_of_them_is_applied(rows):
    with pytest.raises(DataError, match=r"cells without a segment, e\.g\. "):
        segments(pd.DataFrame({"r": [5], "f": [5], "m": [5]}), SegmentMap(rows))


@pytest.mark.parametrize(("map", "bins", "names"), [(TEN_SEGMENTS, 5, 10), (TWO_BY_TWO, 2, 8), (CORE_TO_GENERAL, 2, 3)])
def test_our_maps_cover_every_cell_exactly_once(map, bins, names):
    check = check_map(map, bins=bins)
    assert check == check_map(map)
    assert (check.uncovered, check.overlaps, check.unreachable) == ((), (), ())
    assert len(check.sizes) == len(map.segments) == names
    assert all(cells > 0 for _, cells in check.sizes)
    assert sum(cells for _, cells in check.sizes) == bins**3


def test_no_segment_claims_to_know_that_a_customer_is_lost():
    for name in (*TEN_SEGMENTS.segments, *TWO_BY_TWO.segments):
        assert not {"lost", "gone", "left", "churned"} & set(name.lower().replace("-", " ").split())


def test_every_segment_has_one_sentence_of_what_to_do():
    assert set(ACTIONS) == {*TEN_SEGMENTS.segments, *TWO_BY_TWO.segments, NO_PURCHASE}
    assert len(set(ACTIONS.values())) == len(ACTIONS)
    for action in ACTIONS.values():
        assert action[0].isupper() and action.endswith(".") and action.count(".") == 1 and len(action) <= 120


def test_the_eight_groups_have_their_chinese_names():
    near, far, high, low = 2, 1, 2, 1
    named = {cell: TWO_BY_TWO.chinese[TWO_BY_TWO.winner(cell)] for cell in TWO_BY_TWO.cells()}
    assert named == {
        (near, high, high): "重要价值", (near, low, high): "重要发展",
        (far, high, high): "重要保持", (far, low, high): "重要挽留",
        (near, high, low): "一般价值", (near, low, low): "一般发展",
        (far, high, low): "一般保持", (far, low, low): "一般挽留",
    }  # fmt: skip


def test_holes_overlaps_and_dead_rows_of_a_small_map():
    rows = [
        ("best", (2, 2), (2, 2), (1, 2)),
        ("rest", (1, 1), (1, 2), (1, 2)),
        ("best", (2, 2), (2, 2), (2, 2)),
        ("odd", (1, 2), (2, 2), (2, 2)),
    ]
    assert check_map(rows, bins=2) == MapCheck(
        uncovered=("211", "212"),
        overlaps=(("122", ("rest", "odd")), ("222", ("best", "best", "odd"))),
        unreachable=("best (row 3)", "odd"),
        sizes=(("best", 2), ("rest", 4), ("odd", 0)),
    )


def test_cells_of_two_digits_are_written_with_dashes():
    check = check_map([("low", (1, 9), (1, 10), (1, 10))], bins=10)
    assert check.uncovered[0] == "10-1-1" and len(check.uncovered) == 100


@pytest.mark.parametrize("scores", [(0, 5), (4, 6), (5, 4)])
def test_a_rule_outside_the_scores_is_refused(scores):
    with pytest.raises(DataError, match=r"^The rule for 'best' has f=\(\d, \d\); scores run from 1 to 5\.$"):
        SegmentMap([Rule("best", (1, 5), scores, (1, 5))])


# ---- a map of one's own, from a table

OWN = pd.DataFrame(
    {
        "segment": ["best", "lately", "others"],
        "r": ["4 to 5", "4-5", "any"],
        "f": ["5", " 1 \u2013 4 ", "ANY"],
        "m": ["any", "any", "any"],
    }
)
OWN_RULES = (
    Rule("best", (4, 5), (5, 5), (1, 5)),
    Rule("lately", (4, 5), (1, 4), (1, 5)),
    Rule("others", (1, 5), (1, 5), (1, 5)),
)


@EVERY_ENGINE
def test_a_map_may_come_from_a_table_of_any_engine(engine):
    native = build(engine, OWN.iloc[:1])
    assert SegmentMap.from_table(native).rules == OWN_RULES[:1]
    assert check_map(native).sizes == (("best", 10),)


def test_a_table_is_read_as_people_write_it_and_first_rows_win():
    map = SegmentMap.from_table(OWN)
    assert map.rules == OWN_RULES and map.bins == (5, 5, 5)
    check = check_map(OWN)
    assert check.sizes == (("best", 10), ("lately", 40), ("others", 75))
    assert (check.uncovered, len(check.overlaps), check.unreachable) == ((), 50, ())
    scored = pd.DataFrame({"r": [5, 4, 1], "f": [5, 2, 5], "m": [1, 1, 1]})
    assert segments(scored, OWN)["segment"].tolist() == ["best", "lately", "others"]


@pytest.mark.parametrize("map", [TEN_SEGMENTS, TWO_BY_TWO, SegmentMap(R_RFM), SegmentMap(R_RFM[:3], bins=(5, 5, 7))])
def test_to_a_table_and_back_also_through_a_file(map):
    written = map.to_table()
    assert SegmentMap.from_table(written, bins=map.bins) == map
    file = io.StringIO(written.to_csv(index=False))
    assert SegmentMap.from_table(pd.read_csv(file), bins=map.bins) == map  # numbers and gaps come back as floats


def test_a_written_map_holds_nothing_that_a_spreadsheet_takes_for_a_date():
    written = TEN_SEGMENTS.to_table()
    assert written.iloc[0].to_dict() == {"segment": "champions", "r": "4 to 5", "f": "5", "m": "5"}
    assert "-" not in "".join(written[["r", "f", "m"]].to_numpy().ravel())


WRITE = "; write '4 to 5', '4' or 'any', within 1 to 5."
DATE = " (a spreadsheet makes a date of 4-5)" + WRITE


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("5 to 4", "; scores run from 1 to 5, the lower first."),
        ("0", "; scores run from 1 to 5, the lower first."),
        (6, "; scores run from 1 to 5, the lower first."),
        ("", WRITE),
        (None, WRITE),
        (4.5, WRITE),
        ("-1", WRITE),
        ("4,5", WRITE),
        ("high", WRITE),
        ("4-May", DATE),
        ("May 4", DATE),
        ("4月5日", DATE),
        ("2026-05-04 00:00:00", DATE),
        (pd.Timestamp("2026-05-04"), DATE),
    ],
    ids=lambda one: "" if one in (WRITE, DATE) else str(one)[:12],
)
def test_what_cannot_be_read_is_named_with_its_row(cell, message):
    rows = OWN.astype({"f": object})
    rows.at[1, "f"] = cell
    with pytest.raises(DataError) as caught:
        SegmentMap.from_table(rows)
    text = "" if cell is None else str(cell).lower()
    assert str(caught.value) == f"Row 2 of the map has f {text!r}{message}"


def test_a_table_that_is_no_map_is_refused():
    for name in (None, "  "):
        with pytest.raises(DataError, match=r"^Row 3 of the map has no segment; give it a name\.$"):
            SegmentMap.from_table(OWN.assign(segment=["best", "lately", name]))
    with pytest.raises(DataError, match=r"^The table of the map has no rows; give each segment one or more\.$"):
        SegmentMap.from_table(OWN.head(0))
    with pytest.raises(DataError, match=r"^The table of the map has no column 'm'; it has \['segment', 'r', 'f'\]\.$"):
        SegmentMap.from_table(OWN.drop(columns="m"))
    with pytest.raises(DataError, match=r"^The table of the map is a str; pass a table of"):
        check_map("champions")


@pytest.mark.parametrize("row", [("best", (4, 5), (4, 5)), ("best", 4, 5, 5), ("best", (4, 5), (4, 5), ("4", "5")), 7])
def test_a_row_that_is_no_rule_is_refused(row):
    message = r'^A rule is a row like \("champions", \(4, 5\), \(4, 5\), \(4, 5\)\); this is '
    with pytest.raises(DataError, match=message):
        SegmentMap([row])


def test_a_map_may_have_another_number_of_scores_on_each_axis():
    map = SegmentMap([("lately", (3, 5), (1, 2), (1, 1)), ("before", (1, 2), (1, 2), (1, 1))], bins=(5, 2, 1))
    assert len(map.cells()) == 10
    assert check_map(map).sizes == (("lately", 6), ("before", 4))
    with pytest.raises(DataError, match=r"^The rule for 'all' has f=\(1, 5\); scores run from 1 to 2\.$"):
        SegmentMap([("all", (1, 5), (1, 5), (1, 1))], bins=(5, 2, 1))
