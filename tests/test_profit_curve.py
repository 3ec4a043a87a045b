import math

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import DataError, FitError
from crmlib.profit_curve import SHAPES, ProfitCurve, compare_shapes, fit_profit_curve

T = np.arange(9.0)
TRUE = {
    "linear": ProfitCurve("linear", (12.0, 3.5)),
    "quadratic": ProfitCurve("quadratic", (-20.0, 9.0, -0.7)),
    "exponential": ProfitCurve("exponential", (5.0, -0.35)),
    "s-shaped": ProfitCurve("s-shaped", (60.0, 3.2, 1.1)),
}


def history(profit, period=None, **more):
    return pd.DataFrame({"period": np.arange(len(profit)) if period is None else period, "profit": profit, **more})


def test_curves_are_the_formulas():
    assert TRUE["linear"].profit(2) == 19
    assert TRUE["quadratic"].profit(2) == pytest.approx(-20 + 18 - 2.8)
    assert TRUE["exponential"].profit(2) == pytest.approx(5 * math.exp(-0.7))
    assert TRUE["s-shaped"].profit(3.2) == pytest.approx(30)
    assert TRUE["s-shaped"].profit([-1e6, 1e6]).tolist() == [0, 60]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_exact_history_gives_its_curve_back_and_its_shape(shape):
    found = fit_profit_curve(history(TRUE[shape].profit(T)))
    assert found.shape == shape
    np.testing.assert_allclose(found.parameters, TRUE[shape].parameters, rtol=1e-5)
    np.testing.assert_allclose(found.profit(T + 9), TRUE[shape].profit(T + 9), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
@given(st.floats(1e-3, 1e6), st.integers(-3, 30))
@settings(max_examples=5)
def test_the_currency_and_the_first_period_only_shift_the_curve(shape, money, first):
    noisy = TRUE[shape].profit(T) + 0.3 * np.cos(7 * T)
    plain, moved = fit_profit_curve(history(noisy), shape=shape), fit_profit_curve(history(money * noisy, T + first), shape=shape)
    np.testing.assert_allclose(moved.profit(T + first), money * plain.profit(T), rtol=1e-4, atol=1e-4 * money)


def test_least_squares_against_numpy():
    noisy = TRUE["quadratic"].profit(T) + np.array([1, -1, 2, 0, -2, 1, 0, 1, -1])
    for shape, degree in (("linear", 1), ("quadratic", 2)):
        by_numpy = np.polyfit(T, noisy, degree)[::-1]
        np.testing.assert_allclose(fit_profit_curve(history(noisy), shape=shape).parameters, by_numpy, rtol=1e-9)
    # a row of weight 2 is the row of two customers more, and a row of weight 0 none
    double = history([1.0, 4.0, 5.0, 99.0], weight=[1, 2, 1, 0])
    weighted = np.polyfit([0, 1, 2], [1, 4, 5], 1, w=np.sqrt([1, 2, 1]))[::-1]
    np.testing.assert_allclose(fit_profit_curve(double, shape="linear").parameters, weighted)


@pytest.mark.parametrize("shape", ["exponential", "s-shaped"])
def test_no_step_aside_fits_better(shape):
    noisy = TRUE[shape].profit(T) + 0.5 * np.sin(5 * T)
    found = fit_profit_curve(history(noisy), shape=shape)
    error = np.sum((noisy - found.profit(T)) ** 2)
    for place in range(len(found.parameters)):
        for factor in (0.99, 1.01):
            aside = list(found.parameters)
            aside[place] *= factor
            assert np.sum((noisy - ProfitCurve(shape, tuple(aside)).profit(T)) ** 2) > error


def test_the_criterion_is_the_one_that_is_said():
    noisy = TRUE["linear"].profit(T) + np.array([1, -1, 2, 0, -2, 1, 0, 1, -1])
    found = compare_shapes(history(noisy), ahead=3)
    assert found["shape"].tolist() == list(SHAPES)
    rest = noisy - np.polyval(np.polyfit(T, noisy, 1), T)
    rmse = math.sqrt(np.mean(rest**2))
    assert found["rmse"][0] == pytest.approx(rmse)
    assert found["aicc"][0] == pytest.approx(9 * math.log(rmse**2) + 6 + 2 * 3 * 4 / 5)
    assert found["chosen"].tolist() == [one == found["aicc"].min() for one in found["aicc"]]
    assert found["ahead_profit"][0] == pytest.approx(np.polyval(np.polyfit(T, noisy, 1), 11))
    assert found["rmse"][1] <= found["rmse"][0]  # a parabola can be straight


def test_few_periods_carry_few_shapes():
    assert compare_shapes(history([1.0, 3.0]))["shape"].tolist() == ["linear", "exponential"]
    three = compare_shapes(history([1.0, 3.0, 4.0]))
    assert three["aicc"].isna().all() and three["chosen"].sum() == 1
    assert fit_profit_curve(history([1.0, 3.0])).profit(2) == pytest.approx(5)


def test_the_value_of_what_is_to_come():
    curve = ProfitCurve("linear", (10.0, 2.0))
    assert curve.value(6, 7, discount=0.1) == pytest.approx(22 / 1.1 + 24 / 1.21)
    assert curve.value(6, 7, discount=0.1, survival=[0.5, 0.25]) == pytest.approx(11 / 1.1 + 6 / 1.21)
    assert curve.value(0, 0, discount=0) == 10


@EVERY_ENGINE
def test_shapes_on_every_engine(engine):
    frame = history([2.0, 5, 12, 24, 38, 48, 54, 57])
    native = build(engine, frame)
    found = compare_shapes(native)
    assert kind(found) == kind(native)
    assert rows(found) == rows(compare_shapes(frame))
    assert fit_profit_curve(native) == fit_profit_curve(frame)


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0])), min_size=1, max_size=8))
@settings(max_examples=60)
def test_any_history_gives_finite_curves_or_a_sentence(profit):
    try:
        found = compare_shapes(history(profit))
    except FitError as error:
        assert str(error).endswith(".")
    else:
        assert found["chosen"].sum() == 1
        assert np.isfinite(found[["rmse", "next_profit", "ahead_profit"]].to_numpy()).all()


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: fit_profit_curve(history([1.0])), FitError, "A curve needs a profit history of at least 2 periods; this one has 1."),
        (lambda: fit_profit_curve(history([2.0, 2.0])), FitError, "The profit is 2 in every period; there is no curve to fit, extend that."),
        (lambda: fit_profit_curve(history([1.0, None])), FitError, "Row 1 (from 0) of the profit history has no profit."),
        (
            lambda: fit_profit_curve(history([1.0, 2.0], [3, 3])),
            FitError,
            "The profit history has a period twice; it needs one row a period, with the mean profit in it.",
        ),
        (
            lambda: fit_profit_curve(history([1.0, 2.0]), shape="s-shaped"),
            FitError,
            "The s-shaped curve has 3 parameters and needs a profit history of as many periods.",
        ),
        (
            lambda: fit_profit_curve(history([1.0, 2.0]), shape="cubic"),
            DataError,
            "shape 'cubic' is not known; choose one of linear, quadratic, exponential, s-shaped.",
        ),
        (lambda: ProfitCurve("linear", (1.0,)), DataError, "The linear curve has the parameters a, b; 1 are given."),
        (lambda: ProfitCurve("s-shaped", (1, 1, 0)), DataError, "width is 0; an s-shaped curve needs one above 0."),
        (
            lambda: TRUE["linear"].value(5, 4, discount=0.1),
            DataError,
            "last is 4 and first is 5; the value is of the periods first to last.",
        ),
        (
            lambda: ProfitCurve("exponential", (1.0, 2.0)).value(1, 900, discount=0.1),
            DataError,
            "The exponential curve exceeds every number by period 900; choose an earlier last one.",
        ),
        (
            lambda: TRUE["linear"].value(1, 2, discount=0.1, survival=[1]),
            DataError,
            "There are 2 periods and 1 values of survival; give as many.",
        ),
    ],
)  # fmt: skip
def test_sentences(call, kind, sentence):
    with pytest.raises(kind) as told:
        call()
    assert str(told.value) == sentence
