"""Logs and customer tables that many tests read; nobody changes them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from lessons import run

import crmlib
from crmlib import customer_table

# a busy machine is slow and not wrong; everything else stays as the profile in use (in CI hypothesis picks its own)
settings.register_profile("unhurried", settings(deadline=None))
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def cdnow_log():
    return crmlib.datasets.load("cdnow")


@pytest.fixture(scope="session")
def cdnow_sample_log():
    return crmlib.datasets.load("cdnow_sample")


@pytest.fixture(scope="session")
def cdnow(cdnow_log):
    return customer_table(cdnow_log, as_of="1998-06-30")


@pytest.fixture(scope="session")
def cdnow_sample(cdnow_sample_log):
    return customer_table(cdnow_sample_log, as_of="1998-06-30")


@pytest.fixture(scope="session")
def other_log():
    """A log of another shape than CDNOW: many small regulars, steady arrivals, refunds, orders of several lines."""
    return generated_log()


def generated_log(customers=400, days=730, seed=7):
    """Transactions with an order column and refunds; the top 20 % bring far less than 80 % here."""
    rng = np.random.default_rng(seed)
    lines = []
    for customer in range(customers):
        born = int(rng.integers(0, days - 60))
        rate, life, size = rng.gamma(2.0, 1 / 60), rng.exponential(500), rng.gamma(6, 5)
        day = float(born)
        order = 0
        while day < min(days, born + life):
            order += 1
            for _ in range(int(rng.integers(1, 4))):
                lines.append((f"K{customer:04d}", int(day), round(size * rng.gamma(4, 0.25) + 0.5, 2), f"{customer}-{order}"))
            if rng.random() < 0.05:
                lines.append((f"K{customer:04d}", min(int(day) + 5, days - 1), -round(size, 2), f"{customer}-{order}r"))
            day += rng.exponential(1 / rate)
    frame = pd.DataFrame(lines, columns=["customer", "date", "amount", "order"])
    frame["date"] = (pd.Timestamp("2023-01-01") + pd.to_timedelta(frame["date"], unit="D")).astype("datetime64[us]")
    return frame.sort_values(["date", "customer"], ignore_index=True)


@pytest.fixture
def read(capsys, monkeypatch):
    """Run a lesson: ``read("rfm", DATA=..., ...)`` gives what it printed, left and showed."""
    return lambda key, **parameters: run(key, capsys, monkeypatch, parameters)
