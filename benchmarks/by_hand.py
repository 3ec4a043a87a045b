"""The customer table as somebody who knows the engine writes it by hand: what crmlib's code for all engines is measured
against. The same columns, and the same meaning of them, as `crmlib.customer_table` on a log without orders."""

import datetime as dt

COLUMNS = "customer orders first last days_since_last revenue mean_order x t_x T mean_repeat_value flag".split()


def sql(log, as_of):
    """DuckDB SQL; ``log`` is a table or a function such as read_parquet('...')."""
    return f"""
    with days as (
        select customer, date::date as day, sum(amount) as amount,
            sum(amount) filter (amount >= 0) as spent, count(*) filter (amount >= 0) as lines
        from {log} where date::date <= date '{as_of}' group by all
    ), customers as (
        select customer, round(sum(amount), 9) as revenue, round(coalesce(sum(spent), 0), 9) as spent,
            count(*) filter (lines > 0) as days,
            min(day) filter (lines > 0) as first, max(day) filter (lines > 0) as last,
            round(sum(spent) - arg_min(spent, day) filter (lines > 0), 9) as repeat
        from days group by customer
    )
    select customer, days as orders, first, last,
        (date '{as_of}' - last)::double as days_since_last,
        case when abs(revenue) > 1e-12 * spent then revenue else 0 end as revenue,
        case when days > 0 then spent / days end as mean_order,
        case when days > 0 then (days - 1)::double end as x,
        (last - first)::double as t_x,
        (date '{as_of}' - first)::double as "T",
        case when days > 1 then repeat / (days - 1) end as mean_repeat_value,
        case when days = 0 then 'no_purchase'
            when abs(revenue) <= 1e-12 * spent or revenue <= 0 then 'non_positive_revenue' end as flag
    from customers order by customer
    """


def in_polars(log, as_of):
    """A lazy polars frame."""
    import polars as pl

    as_of, day, purchase = dt.date.fromisoformat(as_of), pl.col("date"), pl.col("amount") >= 0
    log = log.filter(day <= as_of)
    starts = log.filter(purchase).group_by("customer").agg(start=day.min())
    return (
        log.with_columns(spent=pl.when(purchase).then("amount"))  # a filter inside agg would take twice as long
        .group_by("customer", "date")
        .agg(pl.col("amount", "spent").sum(), lines=pl.col("spent").count())
        .join(starts, on="customer", how="left")
        .with_columns(
            repeat=pl.when(day > pl.col("start")).then("spent"), bought=pl.when(pl.col("lines") > 0).then(day)
        )
        .group_by("customer")
        .agg(
            pl.col("amount", "spent", "repeat").sum(),
            days=pl.col("bought").count(),
            first=pl.col("bought").min(),
            last=pl.col("bought").max(),
        )
        .with_columns(pl.col("amount", "spent", "repeat").round(9))
        .with_columns(
            revenue=pl.when(pl.col("amount").abs() > 1e-12 * pl.col("spent")).then("amount").otherwise(0.0),
        )
        .select(
            "customer",
            pl.col("days").cast(pl.Int64).alias("orders"),
            "first",
            "last",
            (as_of - pl.col("last")).dt.total_days().cast(pl.Float64).alias("days_since_last"),
            "revenue",
            pl.when(pl.col("days") > 0).then(pl.col("spent") / pl.col("days")).alias("mean_order"),
            pl.when(pl.col("days") > 0).then(pl.col("days").cast(pl.Float64) - 1).alias("x"),
            (pl.col("last") - pl.col("first")).dt.total_days().cast(pl.Float64).alias("t_x"),
            (as_of - pl.col("first")).dt.total_days().cast(pl.Float64).alias("T"),
            pl.when(pl.col("days") > 1).then(pl.col("repeat") / (pl.col("days") - 1)).alias("mean_repeat_value"),
            pl.when(pl.col("days") == 0)
            .then(pl.lit("no_purchase"))
            .when(pl.col("revenue") <= 0)
            .then(pl.lit("non_positive_revenue"))
            .alias("flag"),
        )
        .sort("customer")
    )
