"""How sure a fit is: standard errors, and intervals on parameters and on whatever follows from them.

Two ways that agree where there are many customers. `uncertainty` is quick: the curvature of the likelihood at its top
(the observed information) gives the covariance of the parameters, and a first-order step (the delta method) carries it
to any figure. `bootstrap` draws customers from the fitted model, fits again, and looks how far the figures spread.

Both tell how far the parameters may be off because customers were few. They say nothing about a model that is wrong,
nor about luck still to come: a portfolio's purchases spread around their expectation as well.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from crmlib.errors import DataError, DataNotice, FitError
from crmlib.fitting import in_logarithms, one_thread, second_derivatives
from crmlib.simulate import simulate

__all__ = ["Refits", "Uncertainty", "bootstrap", "uncertainty"]

_FITS = {  # model -> module and function that fits it
    "BGNBD": ("bgnbd", "fit_bgnbd"),
    "MBGNBD": ("mbgnbd", "fit_mbgnbd"),
    "ParetoNBD": ("pareto_nbd", "fit_pareto_nbd"),
    "BGBB": ("bgbb", "fit_bgbb"),
    "BetaBinomial": ("bgbb", "fit_beta_binomial"),
    "SBG": ("sbg", "fit_sbg"),
    "GammaGamma": ("gamma_gamma", "fit_gamma_gamma"),
}
SCALES = ("log", "logit", "plain")
_STEP = 1e-4  # of the logarithm of a parameter, for differences of any figure


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Fitted models and the covariance of the logarithms of their parameters. See `uncertainty`."""

    models: tuple
    covariance: np.ndarray = field(repr=False)

    def intervals(self, *, level=0.95):
        """A pandas row a parameter: model, parameter, estimate, standard_error, low, high.

        Parameters are positive, so the interval is taken on their logarithms: low is above 0.
        """
        estimates = np.concatenate([_parameters(model) for model in self.models])
        errors = np.sqrt(np.diag(self.covariance))
        return _named(self.models, **_around(estimates, errors, "log", level))

    def interval_of(self, figure, *, level=0.95, scale="log"):
        """An interval on whatever follows from the models, by the delta method.

        ``figure`` takes the models in their order and returns a number or an array, such as
        ``lambda purchases: purchases.expected_purchases(customers, horizon=365)``. Returns a pandas table: estimate,
        standard_error, low, high, a row for each number.

        ``scale``: where the interval is symmetric, "log" for what is above 0, "logit" for a chance, else "plain".
        A figure at the border of its scale (0, or a chance of 1) has no width there. Raises `DataError` for one beyond it.
        """
        if scale not in SCALES:
            raise DataError(f"scale is {scale!r}; choose one of {', '.join(SCALES)}.")
        logs = [np.log(_parameters(model)) for model in self.models]
        ends = np.cumsum([len(one) for one in logs])[:-1]
        logs = np.concatenate(logs)

        def at(point):
            parts = np.split(np.exp(point), ends)
            return _numbers(figure(*(_with(model, part) for model, part in zip(self.models, parts, strict=True))))

        steps = _STEP * np.eye(len(logs))
        slopes = np.array([(at(logs + step) - at(logs - step)) / (2 * _STEP) for step in steps])
        variance = np.einsum("ir,ij,jr->r", slopes, self.covariance, slopes)
        estimate = _numbers(figure(*self.models))
        most = {"log": np.inf, "logit": 1.0, "plain": np.inf}[scale]
        beyond = (estimate < (-np.inf if scale == "plain" else 0)) | (estimate > most)
        if beyond.any():
            raise DataError(
                f"The figure is {estimate[np.argmax(beyond)]:g}, and scale={scale!r} has no place for it; use scale='plain'."
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.sqrt(variance) / _slope(estimate, scale)
        return _table(**_around(estimate, error, scale, level))


@dataclass(frozen=True, eq=False)
class Refits:
    """Models fitted again to customers drawn from the first fit. See `bootstrap`."""

    models: tuple
    refitted: tuple = field(repr=False)  # a tuple of models for each draw
    failed: int  # draws whose fit did not settle

    def intervals(self, *, level=0.95):
        """A pandas row a parameter, as in `Uncertainty.intervals`; low and high are percentiles of the refits."""
        drawn = np.array([np.concatenate([_parameters(model) for model in models]) for models in self.refitted])
        estimates = np.concatenate([_parameters(model) for model in self.models])
        return _named(self.models, **_spread(estimates, drawn, level))

    def interval_of(self, figure, *, level=0.95):
        """The same for whatever follows from the models, as in `Uncertainty.interval_of`: a row for each number."""
        drawn = np.array([_numbers(figure(*models)) for models in self.refitted])
        return _table(**_spread(_numbers(figure(*self.models)), drawn, level))


def uncertainty(customers, *models) -> Uncertainty:
    """The covariance of the parameters of models that were fitted to ``customers``, from the observed information.

    Several models, such as one of purchases and one of spend, are taken to be independent, as their likelihoods are.
    Where all are of purchases, what `crmlib.count_histories` made of the customers is taken in place of their table.

    Raises `DataError` without a model, or for one that is not the fit to these customers; and `FitError` where the
    likelihood is flat.

    >>> import crmlib
    >>> from crmlib.customers import until
    >>> log = until(crmlib.datasets.load("cdnow"), "1997-09-30")
    >>> customers = crmlib.customer_table(log, as_of="1997-09-30")
    >>> purchases = crmlib.fit_bgnbd(customers)
    >>> uncertainty(customers, purchases).intervals().round(3)
       model parameter  estimate  standard_error     low    high
    0  BGNBD         r     0.252           0.004   0.244   0.260
    1  BGNBD     alpha    33.523           0.919  31.769  35.373
    2  BGNBD         a     0.723           0.054   0.625   0.837
    3  BGNBD         b     2.161           0.199   1.805   2.588
    """
    if not models:
        raise DataError(
            "Name the models whose uncertainty is wanted, e.g. uncertainty(customers, fit_bgnbd(customers))."
        )
    blocks = [_covariance(model, customers) for model in models]
    size = sum(len(block) for block in blocks)
    covariance, start = np.zeros((size, size)), 0
    for block in blocks:
        end = start + len(block)
        covariance[start:end, start:end] = block
        start = end
    return Uncertainty(models, covariance)


def bootstrap(customers, *models, rng, n=200, progress=True) -> Refits:
    """Draw customers from the fitted models ``n`` times and fit again: a parametric bootstrap.

    Each draw has as many customers, observed as long, as the table. A model of spend sees the purchases that the model
    before it drew. ``progress`` shows a bar. Draws whose fit does not settle are left out, and counted in a notice.

    Raises `DataError` as `crmlib.simulate.simulate` does, and `FitError` if no fit settles.
    """
    if not models:
        raise DataError("Name the models to draw from, e.g. bootstrap(customers, fit_bgnbd(customers), rng=rng).")
    if isinstance(n, bool) or not (isinstance(n, (int, np.integer)) and n >= 2):
        raise DataError(f"n is {n!r}; it counts the draws, so it is a whole number from 2 up, e.g. 200.")
    for model in models:
        _check_model(model)
    from tqdm.auto import tqdm

    refitted, failed = [], 0
    for _ in tqdm(range(n), desc="refits", disable=not progress):
        drawn, again = customers, []
        try:
            for model in models:
                drawn = simulate(model, drawn, rng)
                again.append(_fit_of(model)(drawn, start=tuple(_parameters(model).tolist())))
        except FitError:
            failed += 1
        else:
            refitted.append(tuple(again))
    if not refitted:
        raise FitError(
            f"None of the {n:,} fits to customers drawn from the models settled; the base is too small for intervals."
        )
    if failed:
        warnings.warn(f"{failed:,} of {n:,} refits did not settle and are left out.", DataNotice, stacklevel=2)
    return Refits(models, tuple(refitted), failed)


def _check_model(model):
    if type(model).__name__ not in _FITS:
        raise DataError(f"{model!r} is no fitted model; pass one of {', '.join(_FITS)}.")


def _parameters(model):
    return np.array([*vars(model).values()], dtype=float)


def _numbers(found):
    return np.atleast_1d(np.asarray(found, dtype=float))


def _with(model, parameters):
    return type(model)(*parameters.tolist())


def _fit_of(model):
    module, name = _FITS[type(model).__name__]
    return getattr(import_module(f"crmlib.{module}"), name)


def _covariance(model, customers):
    """Of the logarithms of the parameters: the inverse of minus the second derivatives."""
    _check_model(model)
    function, logs = in_logarithms(model.objective(customers)), np.log(_parameters(model))
    with one_thread():
        found = function(logs)
        information = -second_derivatives(function, logs, found)
    value, slope, _ = found
    name = type(model).__name__
    not_the_fit = f"This {name} is not the fit to these customers; standard errors belong to the best fit."
    if not np.linalg.eigvalsh(information).min() > 1e-3:  # a logarithm with a standard error above 30
        if np.abs(slope).max() > 1e-3 * abs(value):
            raise DataError(not_the_fit)
        raise FitError(
            f"The likelihood of this {name} is flat at these customers, so its parameters have no standard errors."
        )
    covariance = np.linalg.inv(information)
    if slope @ covariance @ slope > 0.01:  # a tenth of a standard error off the top
        raise DataError(not_the_fit)
    return covariance


def _slope(estimate, scale):
    """How fast a figure grows with its place on the scale."""
    with np.errstate(invalid="ignore"):
        return {"log": estimate, "logit": estimate * (1 - estimate), "plain": np.ones_like(estimate)}[scale]


def _on(values, scale):
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "logit":
            return np.log(values) - np.log1p(-values)
        return np.log(values) if scale == "log" else values


def _off(values, scale):
    from scipy.special import expit

    return {"log": np.exp, "logit": expit, "plain": np.asarray}[scale](values)


def _around(estimate, error, scale, level):
    """Estimate, standard error and ends of an interval; ``error`` is on the scale."""
    from scipy.special import ndtri

    half = ndtri(_check_level(level) / 2 + 0.5) * error
    place = _on(estimate, scale)
    inside = np.isfinite(place) & np.isfinite(half)  # at the border of a scale there is no slope
    low = np.where(inside, _off(np.where(inside, place - half, 0.0), scale), estimate)
    high = np.where(inside, _off(np.where(inside, place + half, 0.0), scale), estimate)
    plain = np.where(inside, error, 0.0) * np.where(inside, _slope(estimate, scale), 0.0)
    plain = np.where(np.isnan(estimate), np.nan, plain)
    return {"estimate": estimate, "standard_error": plain, "low": low, "high": high}


def _spread(estimate, drawn, level):
    tail = (1 - _check_level(level)) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    error = drawn.std(axis=0, ddof=1) if len(drawn) > 1 else np.full_like(estimate, np.nan)
    return {"estimate": estimate, "standard_error": error, "low": low, "high": high}


def _check_level(level):
    if not (isinstance(level, (int, float)) and 0 < level < 1):
        raise DataError(f"level is {level!r}; it must be a number between 0 and 1, e.g. 0.95.")
    return level


def _named(models, **columns):
    names = [(type(model).__name__, name) for model in models for name in vars(model)]
    return _table(model=[name for name, _ in names], parameter=[name for _, name in names], **columns)


def _table(**columns):
    import pandas as pd

    return pd.DataFrame(columns)
