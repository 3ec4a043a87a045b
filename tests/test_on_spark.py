"""The script of the page *When one machine is not enough* runs on Spark, unchanged for every other table."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from engines import rows, spark

SCRIPT = Path(__file__).parents[1] / "docs" / "on_spark.py"


@pytest.mark.spark
def test_the_script_says_on_spark_what_pandas_says(cdnow_sample_log, cdnow_sample, tmp_path, capsys, monkeypatch):
    session = spark()
    script = runpy.run_path(str(SCRIPT))
    found, customers = script["tables"](cdnow_sample_log, "1998-06-30")
    path = tmp_path / "log.parquet"
    log = cdnow_sample_log.rename(columns={"customer": "CustomerID", "date": "Day", "amount": "Total"})
    log.astype({"Day": "datetime64[us]"}).to_parquet(path)
    raw = session.read.parquet(str(path))
    remote = script["tables"](script["crmlib"].transactions(raw, customer="CustomerID", date="Day", amount="Total"), "1998-06-30")
    for name, table in found.items():
        assert rows(remote[0][name]) == rows(table), name
    assert np.isclose(script["worth"](remote[1].toArrow().to_pandas()), script["worth"](cdnow_sample), rtol=1e-6)
    monkeypatch.setattr(sys, "argv", ["on_spark.py", str(path), "1998-06-30", "CustomerID", "Day", "Total"])
    script["main"](*sys.argv[1:])
    said = capsys.readouterr().out
    assert "The 2,357 customers are expected to bring" in said and "champions" in said


