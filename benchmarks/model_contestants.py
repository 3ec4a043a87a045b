"""What `models.py` times; see serve.py. Only numpy and pandas are imported at the top: environments of peers have no
crmlib."""

import numpy as np
import pandas as pd
from serve import serve

SETUPS = {}
BGNBD = {"r": 0.2426, "alpha": 30.9, "a": 0.793, "b": 2.426}  # CDNOW, days; so is the spend
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}


def setup(function):
    SETUPS[function.__name__] = function
    return function


def made(size, seed=5):
    """Customers of a BG/NBD with Gamma-Gamma spend who came on any day of two years, in whole days."""
    n, rng = size["customers"], np.random.default_rng(seed)
    T = rng.integers(30, 731, n).astype(float)
    rate, chance = rng.gamma(BGNBD["r"], 1 / BGNBD["alpha"], n), rng.beta(BGNBD["a"], BGNBD["b"], n)
    x, t_x, alive = np.zeros(n), np.zeros(n), np.arange(n)
    while len(alive):
        with np.errstate(divide="ignore"):
            bought = t_x[alive] + rng.standard_exponential(len(alive)) / rate[alive]
        inside = bought <= T[alive]
        alive = alive[inside]
        x[alive] += 1
        t_x[alive] = bought[inside]
        alive = alive[rng.random(len(alive)) >= chance[alive]]
    t_x = np.ceil(t_x)
    x = np.minimum(x, t_x)  # one purchase a day
    again = np.maximum(x, 1)
    mean = rng.standard_gamma(SPEND["p"] * again) / (rng.gamma(SPEND["q"], 1 / SPEND["gamma"], n) * again)
    mean = np.where(x > 0, np.maximum(mean.round(2), 0.01), np.nan)
    return pd.DataFrame({"x": x, "t_x": t_x, "T": T, "mean_repeat_value": mean})


def in_weeks(customers):
    """As lifetimes and its users count, which it takes better than days."""
    return customers.assign(t_x=customers["t_x"] / 7, T=customers["T"] / 7)


def ours(size, fit):
    customers = made(size)
    fit(customers.head(2000))  # the first fit loads scipy
    return {"crmlib": lambda: vars(fit(customers))}


@setup
def bgnbd(size):
    from crmlib import count_histories, fit_bgnbd
    from crmlib.uncertainty import uncertainty

    customers = made(size)
    fit_bgnbd(customers.head(2000))

    def run():
        counted = count_histories(customers)
        model = fit_bgnbd(counted)
        uncertainty(counted, model)
        return vars(model)

    return {"crmlib": run}


@setup
def pareto_nbd(size):
    from crmlib import fit_pareto_nbd

    return ours(size, fit_pareto_nbd)


@setup
def gamma_gamma(size):
    from crmlib import fit_gamma_gamma

    return ours(size, fit_gamma_gamma)


def in_days(parameters, *times):
    return {name: value * 7 if name in times else value for name, value in dict(parameters).items()}


@setup
def bgnbd_lifetimes(size):
    from lifetimes import BetaGeoFitter

    customers = in_weeks(made(size))

    def run():
        fitted = BetaGeoFitter().fit(customers["x"], customers["t_x"], customers["T"])
        return in_days(fitted.params_, "alpha")

    return {"lifetimes": run}


@setup
def bgnbd_clvkit(size):
    from clvkit import BGNBD as Model
    from clvkit import CustomerBase

    customers = made(size).rename(columns={"x": "frequency", "t_x": "recency", "mean_repeat_value": "monetary_value"})
    base = CustomerBase(
        customers, time_unit="D", observation_period_end=pd.Timestamp("2023-12-31"), has_monetary=True, on_negative="net"
    )
    return {"clvkit": lambda: dict(Model().fit(base).params_)}


@setup
def bgnbd_pymc_marketing(size):
    """Its point estimate has priors of its own, so its parameters are not compared."""
    import logging

    from pymc_marketing.clv import BetaGeoModel

    logging.disable(logging.INFO)
    customers = made(size).rename(columns={"x": "frequency", "t_x": "recency"})
    customers["customer_id"] = np.arange(len(customers))

    def run():
        BetaGeoModel().fit(customers[["customer_id", "frequency", "recency", "T"]], method="map", progressbar=False)

    return {"pymc-marketing, MAP": run}


@setup
def pareto_nbd_lifetimes(size):
    from lifetimes import ParetoNBDFitter

    customers = in_weeks(made(size))

    def run():
        fitted = ParetoNBDFitter().fit(customers["x"], customers["t_x"], customers["T"])
        return in_days(fitted.params_, "alpha", "beta")

    return {"lifetimes": run}


@setup
def gamma_gamma_lifetimes(size):
    from lifetimes import GammaGammaFitter

    customers = made(size)
    again = customers[customers["x"] > 0]

    def run():
        found = dict(GammaGammaFitter().fit(again["x"], again["mean_repeat_value"]).params_)
        return {"p": found["p"], "q": found["q"], "gamma": found["v"]}

    return {"lifetimes": run}


@setup
def value(size):
    from crmlib import BGNBD as Model
    from crmlib import GammaGamma
    from crmlib.clv import clv

    customers, purchases, spend = made(size), Model(**BGNBD), GammaGamma(**SPEND)
    clv(customers.head(10), purchases, spend)  # the first call loads scipy
    return {"crmlib": lambda: {"total": np.nansum(clv(customers, purchases, spend, horizon=365))}}


@setup
def value_lifetimes(size):
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    customers = in_weeks(made(size)).fillna({"mean_repeat_value": 0.0})
    purchases, spend = BetaGeoFitter(), GammaGammaFitter()
    purchases.params_ = pd.Series(BGNBD | {"alpha": BGNBD["alpha"] / 7})
    purchases.predict = purchases.conditional_expected_number_of_purchases_up_to_time  # what its fit would set
    spend.params_ = pd.Series({"p": SPEND["p"], "q": SPEND["q"], "v": SPEND["gamma"]})
    columns = [customers[name] for name in ("x", "t_x", "T", "mean_repeat_value")]

    def run():
        found = spend.customer_lifetime_value(
            purchases, *columns, time=12, discount_rate=1.10 ** (1 / 12) - 1, freq="W"
        )
        return {"total": found.sum()}

    return {"lifetimes": run}


@setup
def memory(size):
    """A fit in a process that has fitted before, so that libraries and their buffers are there."""
    from crmlib import fit_bgnbd, fit_gamma_gamma, fit_pareto_nbd

    customers = made(size)
    for fit in (fit_bgnbd, fit_pareto_nbd, fit_gamma_gamma):
        fit(customers.head(2000))
    table = customers.memory_usage(index=False).sum()
    fits = {"BG/NBD": fit_bgnbd, "Pareto/NBD": fit_pareto_nbd, "Gamma-Gamma": fit_gamma_gamma}
    return {name: lambda fit=fit: vars(fit(customers)) for name, fit in fits.items()}, int(table)


if __name__ == "__main__":
    serve(SETUPS)
