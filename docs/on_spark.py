"""crmlib on Spark: the table part runs where the log lies, the models are fitted on the customer table alone.

    uv run --extra spark python docs/on_spark.py LOG.parquet AS_OF [customer-column date-column amount-column]

Only the first lines know of Spark: what follows is what one would write for pandas.
"""

import sys

from pyspark.sql import SparkSession

import crmlib
from crmlib import lifecycle, pareto, pyramid, rfm
from crmlib.bgnbd import fit_bgnbd
from crmlib.clv import clv
from crmlib.gamma_gamma import fit_gamma_gamma


def tables(log, as_of):
    """Shares and classes of a log of any engine: a dict of small tables of the same kind, and the customer table."""
    customers = crmlib.customer_table(log, as_of=as_of)
    if hasattr(customers, "cache"):  # Spark computes a table anew for every question unless it may keep it
        customers = customers.cache()
    found = {
        "ABC classes": pareto.abc_summary(pareto.abc_classes(customers)),
        "RFM segments": rfm.segment_summary(rfm.segments(rfm.scores(customers))),
        "pyramid": pyramid.summary(pyramid.tiers(customers)),
        "states": lifecycle.summary(lifecycle.states(customers)),
    }
    return found, customers


def worth(customers, days=365):
    """The expected value of the next ``days`` days, from a customer table in memory."""
    purchases, spend = fit_bgnbd(customers), fit_gamma_gamma(customers)
    return float(clv(customers, purchases, spend, horizon=days).sum())


def main(path, as_of, customer="customer", date="date", amount="amount"):
    """Print what the log at ``path`` says."""
    # many small partitions cost more than they bring on one machine; a cluster knows better
    spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "8").getOrCreate()
    log = crmlib.transactions(spark.read.parquet(path), customer=customer, date=date, amount=amount)
    found, customers = tables(log, as_of)
    print(f"The top 20 % bring {pareto.top_share(customers, 0.20):.1%}, Gini {pareto.gini(customers):.3f}.")
    for name, small in found.items():
        print(f"\n{name}\n{small.toArrow().to_pandas().to_string(index=False)}")
    columns = ["customer", "x", "t_x", "T", "mean_repeat_value"]  # all that the models read
    in_memory = customers.select(*columns).toArrow().to_pandas()
    print(f"\nThe {len(in_memory):,} customers are expected to bring {worth(in_memory):,.0f} in the next 365 days.")


if __name__ == "__main__":
    main(*sys.argv[1:])
