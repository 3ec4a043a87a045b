"""What the charts of the audit draw (crmlib.plots.ages and base); what holds for every chart is in test_plots."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from matplotlib.colors import to_rgb
from test_plots import (
    BASE, COHORT, DECILES, ENTRIES, LAYERS, NEXT_ORDERS, PATTERNS, PRODUCTS, SECOND, TWO_BY_AGE, TWO_BY_PERIOD, heights,
    rendered, texts,
)  # fmt: skip

from crmlib import plots


def lightness(colour):
    return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def panels_of(ax):
    return ax.child_axes


@EVERY_ENGINE
def test_tables_of_every_engine_are_drawn(engine):
    assert len(panels_of(plots.cohort_factors(build(engine, COHORT), ax=plots.canvas()))) == 4
    assert len(plots.cohort_chart(build(engine, LAYERS), ax=plots.canvas()).containers) == 3
    assert texts(plots.pattern_bars(build(engine, PATTERNS), ax=plots.canvas()))[0] == "6 (60.0 %)"


# ---- by age


def test_a_cohort_is_taken_apart_in_four_panels_with_units():
    ax = rendered(plots.cohort_factors(COHORT, currency="€", ax=plots.canvas()))
    drawn = {texts(panel)[0]: panel for panel in panels_of(ax)}
    assert list(drawn) == [
        "share of cohort active", "orders each active customer", "value of an order (€)", "revenue per member (€)",
    ]  # fmt: skip
    for panel, name in zip(drawn.values(), ["share_active", "orders_each", "order_value", "revenue_per_member"], strict=True):
        (line,) = panel.lines
        assert line.get_xdata().tolist() == [0, 1, 2]
        assert line.get_ydata().tolist() == pytest.approx(COHORT[name].to_list(), nan_ok=True)
        assert panel.get_ylim()[0] == 0 and ticks(panel.xaxis) == ["0", "1", "2"]
    assert texts(drawn["share of cohort active"])[1:] == ["100 %", "25.0 %"]
    assert texts(drawn["value of an order (€)"])[1:] == ["€20.00", "€18.00"]
    assert ax.get_xlabel().startswith("age in calendar periods")


def test_what_was_not_seen_has_no_number_and_one_age_one_number():
    cut = COHORT.assign(orders_each=[1.5, np.nan, np.nan], order_value=np.nan)
    ax = rendered(plots.cohort_factors(cut, ax=plots.canvas()))
    assert [len(texts(panel)) for panel in panels_of(ax)] == [3, 2, 1, 3]
    one = rendered(plots.cohort_factors(COHORT[:1], ax=plots.canvas()))
    assert [len(texts(panel)) for panel in panels_of(one)] == [2, 2, 2, 2]


def test_profit_takes_the_place_of_revenue():
    ax = plots.cohort_factors(COHORT.assign(profit_per_member=[4.0, 2.0, -1.0]), money="profit", ax=plots.canvas())
    last = panels_of(ax)[-1]
    assert texts(last)[0] == "profit per member" and last.lines[0].get_ydata().tolist() == [4.0, 2.0, -1.0]
    assert last.get_ylim()[0] == -1


def test_each_next_order_has_a_curve_with_its_number_of_customers():
    ax = plots.next_order_curves(NEXT_ORDERS, ax=plots.canvas())
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0.2, 0.3], [0.4, 0.5]]
    assert texts(ax) == ["2nd after 1st (10)", "3rd after 2nd (4)"]  # nobody was watched after a third order
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert ax.get_ylim() == (0, 1)
    cut = plots.next_order_curves(NEXT_ORDERS.assign(share_repeated=[0.2, None, 0.4, 0.5, None, None]), ax=plots.canvas())
    assert cut.texts[0].xy == (2, 0.2)  # the name stands at the height of the last number there is


def test_patterns_are_rows_of_filled_and_empty_squares():
    ax = plots.pattern_bars(PATTERNS, unit="month", ax=plots.canvas())
    squares = [bar for bar in ax.patches if round(bar.get_height(), 2) == 0.72]
    filled = [bar for bar in squares if to_rgb(bar.get_facecolor()) == to_rgb(plots.PALETTE["dark"])]
    centres = sorted((round(bar.get_y() + bar.get_height() / 2), round(bar.get_x() + 0.42)) for bar in filled)
    assert centres == [(0, 0), (1, 0), (1, 2)] and len(squares) == 6
    assert texts(ax) == ["6 (60.0 %)", "3 (30.0 %)", "all others", "1 (10.0 %)"]
    assert "age in months" in ax.get_xlabel() and ticks(ax.xaxis) == ["0", "1", "2"]
    bars = [bar.get_width() for bar in ax.patches if round(bar.get_height(), 2) == 0.5]
    assert np.array(bars) / bars[0] == pytest.approx([1, 0.5, 1 / 6])


def test_two_cohorts_stand_side_by_side_on_one_scale():
    options = {"measure": "order_value", "names": ("2023 Q4", "2024 Q4"), "currency": "$"}
    ax = rendered(plots.two_cohorts_lines(TWO_BY_AGE, TWO_BY_PERIOD, ax=plots.canvas(), **options))
    left, right = panels_of(ax)
    assert [line.get_ydata().tolist() for line in left.lines] == [[40, 50], [30, 35]]
    assert [line.get_ydata().tolist() for line in right.lines] == [[31], [30]]
    assert ticks(left.xaxis) == ["0", "1"] and ticks(right.xaxis) == ["2024 Q4"]
    assert left.get_ylim() == right.get_ylim() and left.get_ylabel() == "value of an order ($)"
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["2023 Q4", "2024 Q4"]
    first, second = left.lines
    assert first.get_linestyle() != second.get_linestyle() and first.get_marker() != second.get_marker()


def test_two_measures_have_a_scale_each():
    more = pd.DataFrame({"period": ["2024 Q4"], "measure": "revenue_per_member", "first": [3.0], "second": [4.0]})
    options = {"measure": "order_value", "by_calendar": "revenue_per_member", "names": ("2023 Q4", "2024 Q4"), "currency": "$"}
    left, right = panels_of(rendered(plots.two_cohorts_lines(TWO_BY_AGE, more, ax=plots.canvas(), **options)))
    assert [line.get_ydata().tolist() for line in right.lines] == [[3], [4]]
    assert right.get_ylabel() == "revenue per member ($)" and right.get_ylim()[1] < 5 < left.get_ylim()[1]


def test_windows_over_cohorts_leave_out_who_was_not_watched_so_long():
    ax = plots.second_purchase_windows(SECOND, ax=plots.canvas())
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0, 0.2], [1, 0.25]], [[0, 0.5]]]
    assert texts(ax) == ["within 4 weeks", "within 52 weeks"]
    assert not ax.collections
    with_ends = SECOND.assign(low=SECOND["share_repeated"] - 0.1, high=SECOND["share_repeated"] + 0.1)
    ax = plots.second_purchase_windows(with_ends, ax=plots.canvas())
    ends = [segment[:, 1].tolist() for collection in ax.collections for segment in collection.get_segments()]
    assert ends == [pytest.approx(pair) for pair in [(0.1, 0.3), (0.15, 0.35), (0.4, 0.6)]]


# ---- the base


def test_the_oldest_cohort_lies_at_the_bottom_and_columns_are_the_totals():
    ax = plots.cohort_chart(LAYERS, currency="$", ax=plots.canvas())
    before, old, new = ax.containers
    assert [bar.get_y() for bar in old] == [5, 4] and heights(old) == [10, 6]
    assert [bar.get_y() for bar in new] == [15, 10] and heights(new) == [0, 20]
    assert heights(before) == [5, 4] and all(bar.get_hatch() for bar in before)
    assert not any(bar.get_hatch() for bar in [*old, *new])
    assert texts(ax) == ["before 2023 Q4", "2023", "2024"] and ax.get_ylabel() == "revenue ($)"
    assert ticks(ax.xaxis) == ["2023 Q4", "2024 Q1"]


def test_neighbouring_bands_differ_in_grey_and_old_years_are_one_band():
    years = range(2010, 2020)
    rows = [{"cohort": f"{one}", "period": f"{later}", "revenue": 5.0} for one in years for later in years if later >= one]
    ax = plots.cohort_chart(pd.DataFrame(rows), ax=plots.canvas())
    assert texts(ax) == ["2010 to 2015", "2016", "2017", "2018", "2019"]
    found = list(dict.fromkeys(to_rgb(bars[0].get_facecolor()) for bars in ax.containers))
    grey = [lightness(colour) for colour in found]
    assert len(found) == 5 and all(lighter - darker > 0.1 for darker, lighter in zip(grey, grey[1:]))


def test_a_period_that_was_cut_short_has_no_column_and_refunds_hang_below():
    cut = LAYERS.assign(revenue=[5.0, None, -3.0, None, None])
    ax = plots.cohort_chart(cut, ax=plots.canvas())
    assert [len(bars) for bars in ax.containers] == [1, 1, 1]
    assert heights(ax.containers[1]) == [-3] and ax.containers[1][0].get_y() == 0
    assert plots.cohort_chart(cut.assign(active=2), value="active", ax=plots.canvas()).get_ylabel() == "customers active"


def test_new_share_and_carry_over_are_two_lines_with_their_last_numbers():
    ax = plots.new_and_carried(BASE, ax=plots.canvas())
    carried, fresh = ax.lines
    assert carried.get_ydata()[1:].tolist() == [0.7, 0.6] and fresh.get_ydata().tolist() == [0.4, 0.3, 0.25]
    assert [text.split(": ")[-1] for text in texts(ax)] == ["60 %", "25 %"]
    cut = plots.new_and_carried(BASE.assign(new_share=[0.4, 0.3, None]), ax=plots.canvas())
    assert texts(cut)[1].endswith(": 30 %")
    profit = BASE.rename(columns={"new_share": "new_profit_share", "carry_over": "profit_carry_over"})
    assert plots.new_and_carried(profit, money="profit", ax=plots.canvas()).get_ylabel() == "share of profit"


def test_deciles_have_their_shares_of_orders_and_money_and_a_line_for_customers():
    ax = plots.decile_bars(DECILES, ax=plots.canvas())
    orders, money = ax.containers
    assert heights(orders) == [0.7, 0.3] and heights(money) == [0.8, 0.2]
    assert [segment[0, 1] for segment in ax.collections[0].get_segments()] == [0.5, 0.5]
    assert texts(ax) == ["80.0 %", "20.0 %"] and ticks(ax.xaxis) == ["1", "2"]
    alone = plots.decile_bars(DECILES.drop(columns="share_of_orders"), ax=plots.canvas())
    assert len(alone.containers) == 1


def test_products_stand_at_their_penetration_and_value():
    ax = rendered(plots.product_points(PRODUCTS, currency="$", ax=plots.canvas()))
    assert ax.collections[0].get_offsets().tolist() == [[0.5, 30], [0.2, 12]]
    assert sorted(texts(ax)) == ["milk", "tea"] and ax.get_yscale() == "linear"
    assert ax.get_ylabel() == "revenue of the product in an order with it ($)"
    dear = PRODUCTS.assign(order_value=[30.0, 3000.0])
    steep = plots.product_points(dear, ax=plots.canvas())
    assert (steep.get_yscale(), steep.get_ylabel()) == ("log", "revenue of the product in an order with it (log scale)")
    share = plots.product_points(PRODUCTS, value="sole_share", currency="$", most=1, ax=plots.canvas())
    assert texts(share) == ["tea"] and "$" not in share.get_ylabel()


def test_entry_products_stand_around_the_mean_of_all():
    ax = plots.entry_index(ENTRIES, ax=plots.canvas())
    above, below = ax.patches
    assert (above.get_x(), above.get_width()) == (100, 50) and not above.get_hatch()
    assert (below.get_x(), below.get_width()) == (100, -20) and below.get_hatch()
    assert texts(ax) == ["150", "80", "first product (customers)"]
    assert ticks(ax.yaxis) == ["tea (8)", "milk (1,200)"]


def test_a_line_shows_the_interval_of_an_index_and_the_number_stands_behind_it():
    ax = plots.entry_index(ENTRIES.assign(low=[1.2, None], high=[1.9, None]), ax=plots.canvas())
    (line,) = [one for one in ax.lines if len(set(one.get_ydata())) == 1]
    assert line.get_xdata().tolist() == pytest.approx([120, 190])
    assert [text.xy[0] for text in ax.texts[:2]] == pytest.approx([190, 80])


def test_curves_of_money_by_age_have_its_sign():
    ax = rendered(plots.cohort_curves(COHORT.assign(cohort="2024-01"), value="revenue_to_date", from_age=0, currency="$",
                                      ax=plots.canvas()))  # fmt: skip
    assert ax.get_ylabel() == "revenue to date per member ($)"
    assert ax.lines[0].get_ydata().tolist() == [30, 40, 45] and r"\$20" in ticks(ax.yaxis)
