"""The models of crmlib against their peers, as ratios within one run: the goals of issue 4.

    uv run python benchmarks/models.py                  # everything; hours, because of the peers at 1M customers
    uv run python benchmarks/models.py bgnbd_100k       # some rows
    uv run python benchmarks/models.py --runs 1 --write bgnbd_1M

Fits of the BG/NBD include the standard errors of the parameters; those of the peers do without. BLAS has one thread.
"""

from contest import Goal, Row, main

FITS = ("lifetimes", "clvkit", "pymc-marketing, MAP")

NAMES = {
    "bgnbd": "BG/NBD, with standard errors,",
    "pareto_nbd": "Pareto/NBD",
    "gamma_gamma": "Gamma-Gamma",
}


def fit(model, customers, *goals, peers=(), **more):
    setups = {model: None} | {f"{model}_{peer.replace('-', '_')}": peer for peer in peers}
    title = f"fit of {NAMES[model]} to {{customers}} customers"
    return Row(title, setups, goals, alike=2e-3, options={"customers": customers}, **more)


ROWS = {
    "bgnbd_100k": fit("bgnbd", 100_000, Goal("crmlib", FITS, faster=25), peers=("lifetimes", "clvkit", "pymc-marketing")),
    # without clvkit, which takes a quarter of an hour, more than ten times as long as lifetimes
    "bgnbd_1M": fit("bgnbd", 1_000_000, Goal("crmlib", FITS, faster=50), peers=("lifetimes", "pymc-marketing")),
    "pareto_nbd_100k": fit("pareto_nbd", 100_000, Goal("crmlib", "lifetimes", faster=100), peers=("lifetimes",)),
    "pareto_nbd_1M": fit("pareto_nbd", 1_000_000, seconds=1.0),
    "gamma_gamma_1M": fit("gamma_gamma", 1_000_000, Goal("crmlib", "lifetimes", faster=15), peers=("lifetimes",)),
    "clv_1M": Row(
        "12-month value of {customers} customers",
        {"value": None, "value_lifetimes": "lifetimes"},
        (Goal("crmlib", "lifetimes", faster=30),),
        alike=0.05,  # a month of lifetimes has 4.345 weeks and is discounted at its end; days are counted here
        options={"customers": 1_000_000},
    ),
    "memory": Row("memory of a fit to {customers} customers", {"memory": None}, (), tables=2.0),
}

if __name__ == "__main__":
    main(ROWS, "model_contestants.py", __doc__)
