"""Customer analytics on a log of purchases.

    raw log --transactions()--> transactions --customer_table(as_of=)--> customers --> everything else

The door and the customer table stand here; the rest is in modules by what it computes:

    pareto, rfm, pyramid, lifecycle     who matters: shares, scores, tiers, states (behind rfm: rfm_thresholds,
                                        segment_maps)
    pareto_law, concentration           one law for all shares; how they move with the window, who stays on top
    response                            who answered a mailing, by cell, and whether to mail the rest
    uplift, uplift_scores               what a contact changed, and in whom it changes most (intervals, sizes: two_rates)
    contact_pressure                    contacts by week, department and channel; when it is too much
    prospects                           who has not bought yet
    pipeline                            deals by stage: chances from their history, forecasts and who is right
    factors                             which factor of revenue makes the difference
    periods                             who moved between two dates
    stages, activity                    the stage of the life cycle, who is active (behind them: gaps, survival)
    value_classes                       high, medium, low by three ways to cut; high, low and zero frequency
    cohorts, rates                      customers by first purchase, through the calendar; rates and what they divide by
    one_period, two_periods             how different customers are in a period; what changed since the one before: new and
                                        returning, money by group, which factor (behind them: windows, intakes)
    products                            what customers buy: by how many, together with what, first, and how soon
    one_cohort, cohort_comparison,      a cohort by age; two of them side by side; all stacked, with what is new and what
    all_cohorts                         is carried over (behind them: customer_periods)
    transitions                         where customers go next, as probabilities
    bgnbd, mbgnbd, pareto_nbd           who will buy again, how often (what they share: purchase_model, dropout);
                                        crmlib.count_histories counts a large table once for all fits and intervals
    bgbb, sbg                           the same with one chance a period (opportunities); who renews a contract
    gamma_gamma, clv                    what a customer will be worth; all models stand here as well: crmlib.BGNBD
                                        (what they share: fitting, quadrature, scoring, model_json)
    retention_value, migration_value, event_value, profit_curve   the same on paper: four methods of the textbook
    linkage, link_quality, cleaning, freshness, exposure   one customer, one record: which records are one, lines repaired, how old, how safe
    record_score                        a student's links and findings against the truth of a made company
    defection_value, value_matrix       what leaving and recommending are worth; CLV in two (numbers: arguments)
    method_comparison                   ABC, RFM and CLV: work, data, and whom they find
    need_groups, needs_value            what customers want: in groups; how far needs and values differ, which marketing fits
    kano, laddering                     which features they expect, pay for or are pleased by; and why it matters to them
    uncertainty, simulate               how sure a fit is; customers drawn from a model
    model_tables                        what a model says of any history: one over time, all at one moment
    holdout, diagnostics                whether to believe a model: against what came, and against rules of thumb
    carries                             what of a customer-base audit a log can carry
    overview, audit, scorecard          everything about one log at once: by month, for the report, one row a customer
    datasets                            sample data and reading your own files (files, delimited)
    plots, wording                      every chart; numbers as people write them
    conclusions, captions, sections     what the report says; report renders it, batch one for each data set of a folder
    company                             a company with known truth: how it is made, written, held to its schema (verify),
                                        and drawn for a class (company.classes)
    explorers, explore_rfm, explore_activity, explore_value, explore_forecasts, explore_uplift, explore_needs,
    explore_audit, workbook
                                        what the lessons turn and ask
    cli, cli_class                      crm report, score, start, build, class

Importing crmlib loads none of the slow libraries and changes no setting.
"""

from importlib import import_module

from crmlib.customers import customer_table
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.transactions import admit, transactions

_MODULES = (
    "activity", "all_cohorts", "bgbb", "bgnbd", "carries", "cleaning", "clv", "cohort_comparison", "cohorts",
    "concentration", "contact_pressure", "datasets", "defection_value", "diagnostics", "event_value", "exposure",
    "factors", "freshness", "gamma_gamma", "holdout", "kano", "laddering", "lifecycle", "link_quality", "linkage",
    "mbgnbd", "method_comparison", "migration_value", "model_tables", "need_groups", "needs_value", "one_cohort",
    "one_period", "pareto", "pareto_law", "pareto_nbd", "periods", "pipeline", "plots", "products", "profit_curve",
    "prospects", "pyramid", "rates", "report", "response", "retention_value", "rfm", "sbg", "simulate", "stages",
    "survival", "transitions", "two_periods", "two_rates", "uncertainty", "uplift", "uplift_scores", "value_classes",
    "value_matrix", "workbook",
)  # fmt: skip

_MODELS = {  # name -> module
    "BGNBD": "bgnbd", "fit_bgnbd": "bgnbd",
    "MBGNBD": "mbgnbd", "fit_mbgnbd": "mbgnbd",
    "ParetoNBD": "pareto_nbd", "fit_pareto_nbd": "pareto_nbd",
    "count_histories": "purchase_model",
    "GammaGamma": "gamma_gamma", "fit_gamma_gamma": "gamma_gamma",
    "BGBB": "bgbb", "fit_bgbb": "bgbb", "BetaBinomial": "bgbb", "fit_beta_binomial": "bgbb",
    "SBG": "sbg", "fit_sbg": "sbg",
    "from_json": "model_json", "to_json": "model_json",
}  # fmt: skip

__all__ = ["DataError", "DataNotice", "FitError", "admit", "customer_table", "transactions", *_MODULES, *_MODELS]


def __getattr__(name):
    if name in _MODULES:  # imported when first used, so that `import crmlib` stays light
        return import_module(f"crmlib.{name}")
    if name in _MODELS:
        return getattr(import_module(f"crmlib.{_MODELS[name]}"), name)
    raise AttributeError(f"module 'crmlib' has no attribute {name!r}")
