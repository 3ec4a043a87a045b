"""The report as a file: whole, alone, inert; and nothing when it fails."""

import hmac
import re
import sys
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path

import nbformat.v4 as v4
import openpyxl
import pytest

from crmlib import checkout, datasets, report
from crmlib.errors import DataError, FitError
from crmlib.transactions import Admission

PARAMETERS = 'DATA = "cdnow"\nAS_OF = ""\nCURRENCY = "$"\nOPTIONS = {}\nIDS = "none"\nPREPARED = ""'


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.addresses, self.ids, self.headings, self.alts, self.text = [], [], [], [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.addresses += [
            attrs[name] for name in ("src", "href", "srcset", "action", "data", "poster", "background") if name in attrs
        ]
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.alts += [attrs["alt"]] if tag == "img" else []

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "h2":
            self.headings.append(data.strip())
        if self.tags and self.tags[-1] != "style":
            self.text += data


@pytest.fixture(scope="module")
def admitted():
    return datasets.admit_log("cdnow")


@pytest.fixture(scope="module")
def rendered(admitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "reports"
    place = report.render(admitted, name="cdnow", currency="$", out=folder, made="crm report --data cdnow")
    return place, place.read_text(encoding="utf-8")


@pytest.fixture
def template(tmp_path, monkeypatch):
    """Puts a small notebook in the place of the report's template; gives a function that writes it."""
    folder = tmp_path / "notebooks"
    (folder / "reports").mkdir(parents=True)
    monkeypatch.setattr(checkout, "notebooks", lambda: folder)

    def make(*cells, parameters=PARAMETERS):
        tagged = v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        notebook = v4.new_notebook(cells=[tagged, *map(v4.new_code_cell, cells)])
        notebook.metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        (folder / "reports" / "customer_base.ipynb").write_text(v4.writes(notebook), encoding="utf-8")

    return make


def render(admitted, tmp_path, **options):
    return report.render(admitted, **{"name": "my log.csv", "out": tmp_path / "made", **options})


# ---- the page


def test_says_what_it_must(rendered):
    place, html = rendered
    assert place.name == "cdnow-1998-06-30.html"
    text = " ".join(Page(html).text.split())
    for said in (
        "23,570",
        "$2,500,315.63",
        "The top 20 % of customers bring 67.8 % of revenue: the 80/20 claim does not hold here.",
        "cohort panel",
    ):
        assert said in text


def test_sections_stand_in_the_order_of_their_use(rendered):
    page = Page(rendered[1])
    found = [heading for heading in page.headings if heading]
    lenses = [heading for heading in found if heading.split(":")[0] in LENSES]
    assert found[:3] == ["What this customer base says", "What was read and done to the data", "What this log can carry"]
    assert found[3:9] == lenses and lenses[0].startswith("One cohort")  # the lens that CDNOW carries best
    assert found[9:] == [
        "Revenue over time", "Who brings the money", "Segments and what to do about each", "The customer pyramid",
        "Where customers stand", "The life cycle", "What the next year may bring", "Reconciliation: do the tables add up?",
        "Definitions and limits",
    ]  # fmt: skip


LENSES = ("One period", "Two periods", "One cohort", "Cohorts compared", "All cohorts", "Products")


def test_loads_nothing_and_runs_nothing(rendered):
    html = rendered[1]
    page = Page(html)
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in page.addresses)
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & {*page.tags}
    assert not re.search(r"https?:|//cdn|@import|url\(|javascript:", re.sub(r"base64,[^\"]*", "", html))
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html
    assert html.index("Content-Security-Policy") < html.index("<style")


def test_links_lead_somewhere_and_pictures_have_words(rendered):
    page = Page(rendered[1])
    links = [address[1:] for address in page.addresses if address.startswith("#")]
    assert len(links) >= 27 and set(links) <= {*page.ids}
    assert len(page.ids) == len({*page.ids})
    assert len(page.alts) == 27 and all(len(words) > 40 for words in page.alts)


def test_shows_no_code_no_prompt_and_no_machine(rendered, tmp_path):
    html = rendered[1]
    for trace in (
        "sections.",
        "In [",
        "Out[",
        "Traceback",
        "Warning",
        str(checkout.root()),
        str(Path.home()),
        "/tmp/",
        str(tmp_path),
    ):
        assert trace not in re.sub(r"base64,[^\"]*", "", html), trace
    assert f"Made with crmlib {version('crmlib')}: crm report --data cdnow" in html


def test_is_of_a_size_to_mail(rendered):
    assert rendered[0].stat().st_size < 400_000


def test_contents_are_made_of_headings_of_cells_and_of_outputs():
    section = v4.new_output(
        "execute_result", execution_count=1, data={"text/html": '<h2 id="lens">A & B</h2>', "text/plain": "plain"},
        metadata={"text/html": {"headings": [["lens", "A & B"]]}},
    )  # fmt: skip
    title = v4.new_output("execute_result", data={"text/html": "<h1>Title</h1>", "text/plain": "t"}, execution_count=1)
    cells = [v4.new_code_cell("", outputs=[title]), v4.new_markdown_cell("## First, of all"), v4.new_code_cell("", outputs=[section])]
    html = report.html(v4.new_notebook(cells=cells, metadata={"crmlib_report": {"title": "t", "generator": "g", "made": "m", "day": "d"}}))
    nav = html[html.index("<nav") : html.index("</nav>")]
    assert re.findall(r'<a href="#([^"]+)">([^<]+)</a>', nav) == [("first-of-all", "First, of all"), ("lens", "A &amp; B")]
    assert html.index("<header>") < html.index("<h1>Title</h1>") < html.index("</header>") < html.index("<nav") < html.index("<main")
    assert html.count("<h1") == 1


def test_streams_errors_and_inputs_are_not_shown():
    outputs = [
        v4.new_output("stream", name="stderr", text="a warning in /home/me"),
        v4.new_output("stream", name="stdout", text="printed"),
        v4.new_output("error", ename="E", evalue="v", traceback=["trace"]),
        v4.new_output("execute_result", data={"text/html": "<p>shown</p>", "text/plain": "plain"}, execution_count=1),
    ]
    cells = [
        v4.new_markdown_cell("notes for developers"),
        v4.new_markdown_cell("## A & B"),
        v4.new_code_cell("secret = 1", outputs=outputs),
    ]
    about = {"title": "<i>", "generator": "g", "made": "</footer><script>"}
    html = report.html(v4.new_notebook(cells=cells, metadata={"crmlib_report": about}))
    assert "<p>shown</p>" in html and "A &amp; B" in html
    for hidden in ("warning", "printed", "trace", "secret", "notes for developers", "<script>", "<i>", "plain<"):
        assert hidden not in html


# ---- where it goes


def test_is_replaced_only_if_it_was_made_here(admitted, tmp_path, template):
    template("1")
    place = render(admitted, tmp_path)
    assert place == tmp_path / "made" / "my-log-1998-06-30.html" and report.made_here(place)
    first = place.read_bytes()
    assert render(admitted, tmp_path).read_bytes() == first  # and the same log gives the same bytes
    place.write_text("<html>mine</html>")
    with pytest.raises(DataError, match=r"exists and was not made by crm report; move it away or choose another name"):
        render(admitted, tmp_path)
    assert place.read_text() == "<html>mine</html>"


def test_out_may_be_a_file_or_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(checkout, "reports", lambda: tmp_path / "reports")
    assert report.target(None, "a.csv", "2024-01-31") == tmp_path / "reports" / "a-2024-01-31.html"
    assert report.target(tmp_path, "a.csv", "2024-01-31") == tmp_path / "a-2024-01-31.html"
    assert report.target(tmp_path / "x.html", "a.csv", "2024-01-31") == tmp_path / "x.html"
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError, match=r"notes\.txt is a file and does not end in \.html"):
        report.target(tmp_path / "notes.txt", "a.csv", "2024-01-31")
    (tmp_path / "b-2024-01-31.html").mkdir()
    with pytest.raises(DataError, match="was not made by crm report"):
        report.target(tmp_path, "b.csv", "2024-01-31")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b.csv", "C:\\x.csv", ".", "", "-", "x" * 300])
def test_a_name_never_leads_out_of_the_folder(name):
    slug = report.slug(name)
    assert re.fullmatch(r"[\w-]{1,60}", slug) and not slug.startswith("-")


@pytest.mark.parametrize("name", ["x.xlsx", "x.pdf"])
def test_out_names_the_page_and_not_what_stands_beside_it(tmp_path, name):
    said = f"{name} would be made beside the HTML file; give the name of that, out='x.html'."
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        report.target(tmp_path / name, "a.csv", "2024-01-31")


# ---- what stands beside it

TABLE = """from crmlib.inert import Facts, Table
from crmlib.wording import money, number
Facts("Report", (("Customers", number(7)),))"""


def test_the_tables_as_a_workbook(admitted, tmp_path, template):
    template(TABLE, 'Table(("who", "money"), (("=1+1", money(12.5, CURRENCY)),), caption="Who")')
    place = render(admitted, tmp_path, excel=True, currency="€")
    assert sorted(path.name for path in place.parent.iterdir()) == ["my-log-1998-06-30.html", "my-log-1998-06-30.xlsx"]
    assert "tables.pickle" not in place.read_text(encoding="utf-8")
    book = openpyxl.load_workbook(place.with_suffix(".xlsx"))
    assert [cell.value for cell in book.worksheets[1][2]] == ["'=1+1", 12.5]
    contents = [[cell for cell in row if cell is not None] for row in book["contents"].iter_rows(values_only=True)]
    assert contents[:2] == [["Customer-base audit: my log.csv, 1998-06-30"], ["Customers", 7]]
    first = place.with_suffix(".xlsx").read_bytes()
    assert render(admitted, tmp_path, excel=True, currency="€").with_suffix(".xlsx").read_bytes() == first


def test_a_file_of_somebody_elses_beside_it_is_kept(admitted, tmp_path, template):
    template(TABLE)
    (tmp_path / "made").mkdir()
    other = tmp_path / "made" / "my-log-1998-06-30.xlsx"
    other.write_text("mine")
    with pytest.raises(DataError, match=r"my-log-1998-06-30\.xlsx exists and was not made by crm report"):
        render(admitted, tmp_path, excel=True)
    assert other.read_text() == "mine" and len([*other.parent.iterdir()]) == 1
    render(admitted, tmp_path)  # it is in nobody's way


def fake_paper(monkeypatch):
    """A PDF without Pango: what it holds shows that it was made of the page."""
    monkeypatch.setattr(report.paper, "check", lambda: None)
    monkeypatch.setattr(
        report.paper, "write", lambda page, path: path.write_text(f"CreatorTool>crmlib: crm report {len(page)}")
    )


def test_the_page_on_paper_stands_beside_it_and_is_replaced_by_its_like(admitted, tmp_path, template, monkeypatch):
    template(TABLE)
    fake_paper(monkeypatch)
    for _ in range(2):
        place = render(admitted, tmp_path, pdf=True, excel=True)
        assert [path.suffix for path in sorted(place.parent.iterdir())] == [".html", ".pdf", ".xlsx"]
        length = len(place.read_text(encoding="utf-8"))
        assert place.with_suffix(".pdf").read_text() == f"CreatorTool>crmlib: crm report {length}"
    place.with_suffix(".pdf").write_text("mine")
    with pytest.raises(DataError, match=r"\.pdf exists and was not made by crm report"):
        render(admitted, tmp_path, pdf=True)


def test_the_key_is_in_no_file_that_is_left(admitted, tmp_path, template, monkeypatch):
    key = b"sixteen letters!"
    template(
        "from crmlib import sections\nfrom crmlib.inert import Prose, Table\n"
        "log = sections.open_log(DATA, ids=IDS, prepared=PREPARED)\nTable(('customer',), tuple((one,) for one in log.pseudonyms('ab')))",
        "Prose((repr(log)[-40:], str(log.key_is_kept)))",
    )
    place = render(admitted, tmp_path, ids="pseudonym", key=key, excel=True)
    html = place.read_text(encoding="utf-8")
    first = hmac.new(key, b"a", "sha256").hexdigest()[:8]
    assert f">C-{first}<" in html and ">True<" in html
    book = openpyxl.load_workbook(place.with_suffix(".xlsx"))
    texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert f"C-{first}" in texts and not [text for text in [html, *texts] if "sixteen" in text]


def test_a_machine_that_makes_no_pdf_is_told_before_anything_runs(admitted, tmp_path, template, monkeypatch):
    template("1")

    def fail():
        raise DataError("A PDF needs Pango.")

    monkeypatch.setattr(report.paper, "check", fail)
    monkeypatch.setattr(report, "run", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(DataError, match=r"^A PDF needs Pango\.$"):
        render(admitted, tmp_path, pdf=True)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("part", ["sheets", "paper"])
def test_if_one_of_them_fails_none_is_replaced(admitted, tmp_path, template, monkeypatch, part):
    template(TABLE)
    fake_paper(monkeypatch)
    place = render(admitted, tmp_path, made="the first")
    before = place.read_bytes()

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(getattr(report, part), "write", fail)
    with pytest.raises(DataError, match="No space left on device"):
        render(admitted, tmp_path, made="the second", pdf=True, excel=True)
    assert place.read_bytes() == before and len([*place.parent.iterdir()]) == 1


# ---- what is refused, and what is left when it fails


def test_a_template_that_is_not_there(admitted, tmp_path):
    with pytest.raises(DataError, match=r"no report template 'no_such' in notebooks/reports; build it with: crm build"):
        render(admitted, tmp_path, template="no_such")


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (
            PARAMETERS.replace('IDS = "none"\n', ""),
            "The report has no parameter 'IDS'; it has DATA, AS_OF, CURRENCY, OPTIONS, PREPARED.",
        ),
        (PARAMETERS.replace('IDS = "none"', "IDS = 7"), "The parameter IDS is a str; the report needs int."),
    ],
)
def test_parameters_are_checked_before_anything_runs(admitted, tmp_path, template, monkeypatch, parameters, sentence):
    template("1", parameters=parameters)
    monkeypatch.setattr(report, "run", lambda *_, **__: pytest.fail("it ran"))
    with pytest.raises(DataError, match=re.escape(sentence)):
        render(admitted, tmp_path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("cell", "error", "said"),
    [
        ("from crmlib import DataError\nraise DataError('The log is odd.')", DataError, "The log is odd."),
        ("from crmlib import FitError\nraise FitError('It does not fit.')", FitError, "It does not fit."),
        ("1 / 0", RuntimeError, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_cell_that_fails_leaves_nothing(admitted, tmp_path, template, monkeypatch, cell, error, said):
    import tempfile

    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    template(cell, "2")
    with pytest.raises(error, match=f"^{re.escape(said)}$"):
        render(admitted, tmp_path)
    assert not (tmp_path / "made").exists()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_runs_in_this_python_without_a_users_settings(admitted, tmp_path, template, monkeypatch):
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        '{"argv": ["no-such-python"], "display_name": "Python 3", "language": "python"}'
    )
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("started = True")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    template(
        "import sys\nfrom crmlib.inert import Prose\nProse((sys.executable, str('started' in globals()), DATA, "
        "CURRENCY))",
    )
    html = render(admitted, tmp_path, currency="€").read_text(encoding="utf-8")
    assert f">{sys.executable}</p>" in html and ">False</p>" in html
    assert ">my log.csv</p>" in html and ">€</p>" in html


def test_the_default_date_is_the_last_of_the_log(admitted, tmp_path, template):
    template("from crmlib.inert import Prose\nProse((AS_OF,))")
    early = Admission(admitted.transactions.query("date <= '1997-05-31'"), admitted.notes)
    assert ">1997-05-31</span></p>" in render(early, tmp_path).read_text(encoding="utf-8")
