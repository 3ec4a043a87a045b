"""The lesson *From purchases to customers* on logs of other shapes: it runs, and what it says is true of them."""

import pandas as pd
import pytest
from lessons import bound

TINY = pd.DataFrame(
    [("z1", "2024-05-02", 5.0), ("z2", "2024-05-02", 0.0), ("z1", "2024-05-02", 7.0), ("z1", "2024-05-20", -3.0)],
    columns=["customer", "date", "amount"],
)


@pytest.mark.parametrize("shape", ["with order ids", "without", "an earlier as_of"])
def test_it_tells_the_truth_about_another_log(read, other_log, tmp_path, shape):
    tx = other_log if shape == "with order ids" else other_log.drop(columns="order")
    parameters = bound(tx, tmp_path / "log.csv")
    as_of = pd.Timestamp("2024-03-31") if shape == "an earlier as_of" else tx["date"].max()
    if shape == "an earlier as_of":
        parameters["AS_OF"] = "2024-03-31"
        tx = tx[tx["date"] <= as_of]
    said, names, titles, _ = read("customers", **parameters)
    purchases = tx[tx["amount"] >= 0]
    days = purchases.groupby("customer")["date"].nunique()
    orders = purchases.groupby("customer")["order" if "order" in tx else "date"].nunique()
    last = purchases.groupby("customer")["date"].max()
    assert (
        f"{tx['customer'].nunique():,} customers as of {as_of:%Y-%m-%d}, in a log from {tx['date'].min():%Y-%m-%d}"
        in said
    )
    assert f"{orders.sum():,} orders, revenue CHF {tx['amount'].sum():,.2f} net of refunds" in said
    assert f"{len(purchases):,} purchase lines " in said and f"{days.sum():,} purchase days " in said
    once = f"{(days == 1).sum():,} of {len(days):,} customers who bought ({(days == 1).mean():.1%}"
    assert once.replace("%", " %") in said
    assert f"Customer {days.idxmax()} bought on {days.max()} days" in said
    assert "new customers keep coming in this log" in said and "cohort panel" not in said
    assert f"{((as_of - last).dt.days <= 30).sum():,} active customers with a window of 30 days" in said
    assert "refunds" in {note.code for note in names["admission"].notes}
    assert titles[0] == f"{(orders == 1).mean():.0%} of buyers placed a single order".replace("%", " %")
    assert titles[1] == names["sentences"].last_month(names["periods"])


def test_it_runs_on_a_handful_of_lines(read, tmp_path):
    said, _, titles, _ = read("customers", **bound(TINY, tmp_path / "log.csv", currency=""))
    assert "2 customers as of 2024-05-20" in said
    assert "Every customer bought on one day only: nobody has come back yet." in said
    assert "too little to tell whether new customers keep coming" in said
    assert "Of 2 customers, 1 bought and brought zero in all." in said
    assert titles == ["100 % of buyers placed a single order", "No whole calendar month lies in this log"]
