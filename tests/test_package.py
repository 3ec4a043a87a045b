"""What holds for the package as a whole: its layers, its names, what importing does, and what its code never does."""

import ast
import importlib
import inspect
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import crmlib

PACKAGE = Path(crmlib.__file__).parent

# A module imports only what stands on a line above its own. A new module must be given its place here.
LAYERS = """
    errors
    checkout inert paper wording writing
    small_groups
    frames parsing delimited
    arguments calendar_periods
    remote raw_log
    transactions
    numbering
    in_memory
    customers log_lines
    counted
    customer_periods product_counts
    classes gaps segment_maps
    rfm_thresholds
    pareto pareto_law rfm periods prospects response survival
    activity factors pyramid lifecycle stages value_classes two_rates contact_pressure
    uplift
    uplift_scores
    cohorts rates transitions concentration windows
    one_period products
    two_periods
    intakes one_cohort
    cohort_comparison all_cohorts
    linkage cleaning freshness exposure
    link_quality pipeline
    retention_value migration_value event_value defection_value value_matrix
    kano laddering need_groups needs_value
    fitting scoring quadrature
    profit_curve purchase_model opportunities
    dropout sbg
    bgnbd mbgnbd pareto_nbd gamma_gamma bgbb
    clv model_json simulate
    uncertainty holdout diagnostics model_tables
    method_comparison
    files
    datasets
    record_score
    company.parameters company.schema company.relatives company.spellings
    company.people
    company.purchasing company.wants
    company.baskets company.campaigns company.service company.defects
    company.accounts company.credit company.deals company.leads
    company.selling
    company.generate
    company
    company.likeness company.package company.verify company.band company.roster
    company.classes
    overview
    audit scorecard
    carries
    lenses
    conclusions groups_shown moves_shown
    captions
    plots.look
    plots.purchases plots.shares plots.value
    plots.ages plots.base plots.likeness plots.counts plots.curves plots.forecasts plots.grids plots.lifetime plots.needs plots.spread plots.uplift plots.records
    plots
    explorers
    explore_rfm explore_activity explore_value explore_forecasts explore_needs explore_uplift explore_linkage explore_audit
    opened
    exhibits.parts
    exhibits.distributions
    exhibits.triangles
    exhibits.cohort_repeats exhibits.growth exhibits.cohort_gaps
    exhibits.acquisition
    exhibits.one_period exhibits.two_periods exhibits.products exhibits.one_cohort
    exhibits.cohorts_compared exhibits.all_cohorts
    exhibits.answers_on_periods exhibits.answers_on_cohorts exhibits.reconciliation
    exhibits.questions
    exhibits
    section_tables
    sections
    sheets
    report
    batch_index
    batch
    workbook.notebook workbook.compare
    workbook.source workbook.execute
    workbook.manifest
    workbook.start workbook.build
    workbook.values
    workbook.sentences workbook.sentences_audit workbook.sentences_pareto workbook.checks
    workbook.sentences_cohorts
    workbook.questions workbook.questions._counting
    workbook.questions._first_half workbook.questions._letter workbook.questions._pyramid workbook.questions._relations workbook.questions._shares workbook.questions._one_cohort workbook.questions._small_tables workbook.questions._two_periods
    workbook.questions.customers workbook.questions.lifecycle workbook.questions.pareto workbook.questions.rfm
    workbook.questions.worth_on_paper workbook.questions.worth_in_a_log workbook.questions.whom_to_contact workbook.questions.one_record
    workbook.questions.needs_and_offers workbook.questions.customer_base_audit
    workbook
    cli_class
    cli
"""
PLACE = {name: number for number, line in enumerate(LAYERS.strip().splitlines()) for name in line.split()}

# Modules for people who compute: each public function there shows an example that runs.
WITH_EXAMPLES = (
    "errors", "frames", "parsing", "transactions", "customers", "pareto", "pareto_law", "rfm", "segment_maps",
    "prospects", "concentration", "rfm_thresholds", "response",
    "factors", "pyramid", "lifecycle", "periods",
    "calendar_periods", "cohorts", "transitions", "rates", "gaps", "survival", "activity", "stages",
    "one_cohort", "cohort_comparison", "all_cohorts", "carries",
    "scoring", "quadrature", "bgnbd", "mbgnbd", "pareto_nbd", "gamma_gamma", "model_json", "clv",
    "simulate", "uncertainty", "holdout", "diagnostics", "model_tables",
    "wording", "small_groups", "delimited", "files", "datasets",
    "arguments", "retention_value", "migration_value", "event_value", "defection_value", "value_matrix", "profit_curve",
    "sbg", "bgbb", "method_comparison", "value_classes", "kano", "company.schema",
    "windows", "one_period", "two_periods", "intakes", "products", "counted",
    "two_rates", "uplift", "uplift_scores", "contact_pressure",
    "linkage", "link_quality", "cleaning", "freshness", "exposure", "record_score", "pipeline",
    "need_groups", "needs_value", "laddering",
)  # fmt: skip
WITHOUT = {  # what needs more customers than fit into an example
    "holdout.holdout",
    "gamma_gamma.fit_gamma_gamma",
    "gamma_gamma.spend_correlation",
    "uncertainty.bootstrap",
}
SILENT = {"workbook.manifest.write_manifest"}


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in PATHS.items()}
MODULES = pytest.mark.parametrize("name", [name for name in PATHS if name])


def load(name):
    return importlib.import_module(f"crmlib.{name}" if name else "crmlib")


def imported(name):
    """The modules of crmlib that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "crmlib"}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name their module in full"
            if node.module.split(".")[0] == "crmlib":
                for alias in node.names:
                    deeper = f"{node.module}.{alias.name}"
                    found.add(deeper if deeper.removeprefix("crmlib.") in PATHS else node.module)
    return {one.removeprefix("crmlib").lstrip(".") for one in found}


class TestLayers:
    def test_every_module_has_its_place_and_every_place_its_module(self):
        assert set(PLACE) == set(PATHS) - {""}

    @MODULES
    def test_a_module_imports_only_what_stands_above_it(self, name):
        wrong = sorted(one for one in imported(name) if PLACE.get(one, len(PLACE)) >= PLACE[name])
        assert not wrong, f"{name} imports {wrong}, which stand on its own line or below it (or are crmlib itself)"

    def test_the_package_itself_imports_the_door_and_the_customer_table_only(self):
        assert imported("") == {"customers", "errors", "transactions"}


class TestNames:
    @pytest.mark.parametrize("name", [name for name in PATHS if name != "workbook.questions"])
    def test_all_is_declared_and_resolves(self, name):
        module = load(name)
        assert len(set(module.__all__)) == len(module.__all__)
        for one in module.__all__:
            assert not one.startswith("_")
            assert getattr(module, one) is not None

    def test_what_the_first_lines_of_a_lesson_need_is_at_the_top(self):
        assert {"admit", "transactions", "customer_table", "DataError", "DataNotice", "FitError"} <= set(crmlib.__all__)
        assert crmlib.pareto is importlib.import_module("crmlib.pareto")
        with pytest.raises(AttributeError, match="module 'crmlib' has no attribute 'paretto'"):
            _ = crmlib.paretto

    @MODULES
    def test_every_module_and_everything_public_says_what_it_is(self, name):
        module = load(name)
        assert module.__doc__
        silent = {f"{name}.{one}" for one in getattr(module, "__all__", ()) if not getattr(module, one).__doc__}
        assert silent == {one for one in SILENT if one.rpartition(".")[0] == name}

    def test_public_functions_show_an_example(self):
        missing = set()
        for name in WITH_EXAMPLES:
            module = load(name)
            functions = {
                one: getattr(module, one) for one in module.__all__ if inspect.isfunction(getattr(module, one))
            }
            missing |= {f"{name}.{one}" for one, function in functions.items() if ">>>" not in function.__doc__}
        assert missing == WITHOUT

    def test_examples_run_with_the_tests(self):
        options = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
        assert "--doctest-modules" in options["addopts"] and "crmlib" in options["testpaths"]


def in_a_fresh_python(code):
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


class TestImporting:
    def test_importing_crmlib_loads_nothing_heavy(self):
        loaded = in_a_fresh_python(
            "import sys, json, crmlib\n"
            "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
        )  # fmt: skip
        assert "narwhals" in loaded
        heavy = {
            "scipy", "lifelines", "matplotlib", "seaborn", "statsmodels", "papermill", "nbconvert", "nbformat", "jupytext",
            "IPython", "ipywidgets",
            "pandas", "pyarrow", "polars", "openpyxl", "typer", "tqdm",
        }  # fmt: skip
        assert not heavy & set(loaded)

    def test_no_module_loads_the_slow_libraries_or_changes_a_setting(self):
        """All modules in one fresh Python; what they may load (pandas, typer) is there before."""
        loaded, changed = in_a_fresh_python(
            f"""
import importlib, json, locale, logging, random, sys, warnings
import numpy, pandas, typer
slow = "scipy lifelines matplotlib seaborn statsmodels papermill nbconvert nbformat jupytext IPython ipywidgets tqdm".split()

def settings():
    return {{
        "warnings": [str(one) for one in warnings.filters],
        "pandas": str(pandas.describe_option(_print_desc=False)),
        "numpy": str(numpy.get_printoptions()) + str(numpy.geterr()),
        "random": str(random.getstate()) + str(numpy.random.get_state()),
        "locale": str(locale.setlocale(locale.LC_ALL)),
        "logging": str(logging.getLogger().handlers) + str(logging.getLogger().level),
        "path": list(sys.path),
        "hooks": [str(sys.excepthook), str(sys.displayhook)],
    }}

before = settings()
for name in {sorted(PATHS)!r}:
    importlib.import_module(("crmlib." + name).rstrip("."))
loaded = [name for name in slow if name in sys.modules]
after = settings()
print(json.dumps([loaded, [name for name in before if before[name] != after[name]]]))
"""
        )
        assert loaded == []
        assert changed == []

    def test_pictures_keep_the_settings_of_their_user(self):
        changed = in_a_fresh_python(
            f"""
import importlib, json
import matplotlib
before = dict(matplotlib.rcParams)
for name in {sorted(PATHS)!r}:
    importlib.import_module(("crmlib." + name).rstrip("."))
print(json.dumps([name for name, value in before.items() if matplotlib.rcParams[name] != value]))
"""
        )
        assert changed == []


class TestCode:
    @pytest.mark.parametrize("path", PATHS.values(), ids=[name or "crmlib" for name in PATHS])
    def test_no_module_is_long_or_a_drawer(self, path):
        assert len(path.read_text("utf-8").splitlines()) <= 400
        assert path.stem not in ("utils", "util", "helpers", "helper", "common", "misc", "tools", "shared")

    @pytest.mark.parametrize("name", PATHS)
    def test_what_library_code_never_does(self, name):
        wrong = []
        shows = [
            node
            for node in ast.walk(TREES[name])
            if isinstance(node, ast.FunctionDef) and node.name == "_ipython_display_"
        ]
        may_print = {one for node in shows for one in ast.walk(node)}
        for node in ast.walk(TREES[name]):
            dotted = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            call = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                wrong.append((node.lineno, "import *"))
            if dotted == "sys.path":
                wrong.append((node.lineno, "sys.path"))
            if call == "print" and name not in ("cli", "cli_class") and node not in may_print:
                wrong.append((node.lineno, "print"))
            if isinstance(node, ast.Call) and any(key.arg == "inplace" for key in node.keywords):
                wrong.append((node.lineno, "inplace"))
            if call.split(".")[-1] in ("today", "now", "utcnow") and name != "cli":
                wrong.append((node.lineno, "reads the clock"))
            if dotted.startswith(("np.random.", "numpy.random.")) and dotted.split(".")[2] not in (
                "default_rng",
                "Generator",
                "SeedSequence",
            ):
                wrong.append((node.lineno, "random state that others share"))
            if isinstance(node, ast.Assert | ast.Global):
                wrong.append((node.lineno, type(node).__name__.lower()))
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                wrong.append((node.lineno, "bare except"))
        assert not wrong
