"""What a model says of made-up histories: by its formula, and only where a history can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib import BGNBD, DataError, FitError, GammaGamma, MBGNBD, clv, model_tables

PAPER = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)
SPEND = GammaGamma(p=6.25, q=3.74, gamma=15.44)


def alive(x, t_x, T, model=PAPER):
    """Formula 11 of Fader, Hardie & Lee (2008), note 021."""
    if x == 0:
        return 1.0
    grown = ((model.alpha + T) / (model.alpha + t_x)) ** (model.r + x)
    return 1 / (1 + model.a / (model.b + x - 1) * grown)


def test_one_history_day_by_day():
    found = model_tables.alive_over_time([0, 9, 9, 4], PAPER, until=12)
    assert found["day"].tolist() == list(range(13))
    assert found.loc[found["bought"], "day"].tolist() == [0, 4, 9]
    assert found["x"].tolist() == [0] * 4 + [1] * 5 + [2] * 4
    assert found["t_x"].tolist() == [0] * 4 + [4] * 5 + [9] * 4
    by_hand = [alive(x, t_x, T) for x, t_x, T in zip(found["x"], found["t_x"], found["T"], strict=True)]
    assert found["p_alive"].tolist() == pytest.approx(by_hand, rel=1e-12)


@given(st.sets(st.integers(1, 60), max_size=8), st.integers(0, 30))
def test_silence_only_lowers_it_and_what_comes_later_changes_no_day_before(days, more):
    until = max(days, default=0) + more
    found = model_tables.alive_over_time([0, *days], PAPER, until=until)
    fall = np.diff(found["p_alive"])[~found["bought"].to_numpy()[1:]]
    assert (fall <= 1e-12).all()
    if days:
        last = max(days)
        before = model_tables.alive_over_time([0, *(days - {last})], PAPER, until=last - 1)
        assert found["p_alive"].to_numpy()[:last].tolist() == before["p_alive"].tolist()


@pytest.mark.parametrize("days", [[], [1, 5], [0, 31], [0, 2.5], ["0"], [0, -1]])
def test_days_that_are_no_history_are_refused(days):
    with pytest.raises(DataError) as error:
        model_tables.alive_over_time(days, PAPER, until=30)
    assert str(error.value) == (
        f"days is {days!r} and until 30; days are whole numbers counted from the first purchase, so they begin with 0 and "
        "end by until."
    )


def test_the_matrix_holds_what_can_be_and_nothing_else():
    found = model_tables.frequency_recency(PAPER, T=200, horizon=100, most=3, steps=4)
    pairs = [(0, 0)] + [(x, t_x) for x in (1, 2, 3) for t_x in (50, 100, 150, 200)]
    assert list(zip(found["x"], found["t_x"], strict=True)) == pairs
    assert found["p_alive"].tolist() == pytest.approx([alive(x, t_x, 200) for x, t_x in pairs], rel=1e-12)
    assert found["expected_purchases"].tolist() == pytest.approx(PAPER.expected_purchases(found, horizon=100))
    other = MBGNBD(r=0.5, alpha=30, a=0.8, b=2)
    assert model_tables.frequency_recency(other, T=200, horizon=100)["p_alive"][0] < 1


def test_the_value_of_a_grid_is_that_of_customers_who_spend_as_the_population():
    found = model_tables.iso_values(PAPER, SPEND, T=200, horizon=50, annual_discount=0, most=2, steps=2)
    assert list(zip(found["x"], found["t_x"], strict=True)) == [(1, 100), (1, 200), (2, 100), (2, 200)]
    mean = 6.25 * 15.44 / 2.74
    by_hand = PAPER.expected_purchases(found, horizon=50) * mean
    assert found["value"].tolist() == pytest.approx(by_hand.tolist(), rel=1e-9)
    a_year = model_tables.iso_values(PAPER, SPEND, T=200, most=2, steps=2)
    customers = found.assign(mean_repeat_value=mean)
    assert a_year["value"].tolist() == pytest.approx(clv.clv(customers, PAPER, SPEND).tolist(), rel=1e-12)


@pytest.mark.parametrize("name", ["most", "steps"])
@pytest.mark.parametrize("number", [0, -1, 2.0, "3"])
def test_sizes_that_are_no_whole_numbers_are_refused(name, number):
    message = f"{name} is {number!r}; it is a whole number above 0, e.g. 10."
    for make in (
        lambda **k: model_tables.frequency_recency(PAPER, T=9, horizon=9, **k),
        lambda **k: model_tables.iso_values(PAPER, SPEND, T=9, **k),
    ):
        with pytest.raises(DataError) as error:
            make(**{name: number})
        assert str(error.value) == message


@pytest.mark.parametrize("T", [0, -5, float("inf"), float("nan"), "9"])
def test_a_length_of_time_is_above_zero(T):
    with pytest.raises(DataError) as error:
        model_tables.frequency_recency(PAPER, T=T, horizon=9)
    assert str(error.value) == f"T is {T!r}; it is a length of time above 0, e.g. 365."


def test_spend_without_a_mean_has_no_value():
    with pytest.raises(FitError, match="with q <= 1 spend per purchase has no mean"):
        model_tables.iso_values(PAPER, GammaGamma(p=2, q=0.9, gamma=3), T=200)
