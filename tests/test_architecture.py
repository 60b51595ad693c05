"""The direction of imports, and what a light start may load. Parsed from the source, so that nobody has to remember it."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

# A module may import from its own rank or from a lower one, never from a higher.
RANKS = [
    ["errors", "agreement", "cache", "correction"],
    ["codebook", "document", "pdf.words", "pdf.frames"],
    ["pdf.sight"],
    [
        "prediction",
        "spreadsheet",
        "sections",
        "calibration",
        "pdf.glyphs",
        "pdf.lines",
        "pdf.recognition",
        "pdf.sandbox",
        "formats.writing",
        "formats",
    ],
    [
        "passages",
        "encoder",
        "extraction",
        "pdf.blocks",
        "pdf",
        "formats.docx",
        "formats.html",
        "formats.markdown",
        "formats.text",
    ],
    ["mentions", "lexicon", "remembering", "pdf.assembly", "reading"],
    ["evidence", "features", "artefact", "criteria", "gate", "pdf.child"],
    ["items", "registry", "strength"],
    ["score"],
    ["staged"],
    ["report", "report.words", "report.plain", "report.page", "report.annotated"],
    ["batch"],
    ["tables", "tables.rows", "tables.intervals"],
    ["tables.figures"],
    ["tables.distributions", "tables.printed", "tables.correction"],
    ["tables.changes", "tables.regions"],
    ["tables.drift"],
    ["tables.year"],
    ["tables.labels", "tables.proposals", "tables.plain", "tables.charts"],
    ["tables.workbook", "tables.page"],
    ["tables.command"],
    ["spend", "spend.amounts", "spend.rules"],
    ["spend.lines"],
    ["spend.corrections"],
    ["spend.classification"],
    ["spend.sums"],
    ["spend.plain"],
    ["spend.command"],
    ["families", "families.sketch"],
    ["families.kinship", "families.boilerplate"],
    ["families.command"],
    ["comparison", "comparison.runs"],
    ["comparison.flips"],
    ["comparison.plain"],
    ["comparison.command"],
    ["commands"],
]
API_RANKS = [
    ["logs", "metrics"],
    [
        "limits",
        "store.passwords",
        "settings",
        "addresses",
        "store",
        "store.files",
        "store.presence",
        "store.migrations",
        "store.migrations.versions",
        "store.tables.base",
    ],
    [
        "store.tables.documents",
        "store.tables.identity",
        "store.tables.annotations",
        "store.tables.drafts",
        "store.tables.webhooks",
        "store.tables.review",
        "store.tables.corpus",
        "store.tables.reader",
    ],
    ["store.tables.jobs"],
    ["store.tables"],
    [
        "store.rows",
        "store.migrations.env",
        "store.migrations.versions.v0001_store",
        "store.migrations.versions.v0002_service",
        "store.migrations.versions.v0003_review",
        "store.migrations.versions.v0004_drafts",
        "store.migrations.versions.v0005_corpus",
        "store.migrations.versions.v0006_reader",
    ],
    ["annotation", "agreement", "review", "offsets", "quotes", "turns"],
    ["models"],
    [
        "store.database",
        "store.keys",
        "store.search",
        "store.passages",
        "store.submissions",
        "store.results",
        "store.readings",
        "store.selection",
        "store.figures",
        "store.drafts",
        "store.marks",
        "store.overview",
        "store.webhooks",
        "store.dump",
    ],
    ["store.people", "store.sign_ins", "store.corpus"],
    ["store.jobs", "store.audit", "store.documents", "store.backup"],
    ["store.leases"],
    [
        "store.annotations",
        "store.adjudications",
        "store.doubts",
        "store.candidates",
        "store.first_words",
        "store.corrections",
    ],
    ["corrections"],
    ["exports", "exports.table", "exports.web_annotation", "labelstudio", "labelstudio.configuration"],
    ["labelstudio.tasks"],
    ["labelstudio.export", "labelstudio.results"],
    ["labelstudio.imports"],
    ["access", "sign_in"],
    [
        "second_reader",
        "second_reader.configuration",
        "second_reader.tokens",
        "second_reader.quotes",
        "second_reader.material",
    ],
    ["second_reader.visibility", "second_reader.budget", "second_reader.retrieval", "second_reader.answers"],
    ["second_reader.prompts", "second_reader.agreement"],
    ["second_reader.requests", "second_reader.provider"],
    ["second_reader.asking", "second_reader.reading"],
    ["second_reader.reader"],
    ["queue", "scoring", "quota", "courier", "archive", "fetching", "page_images"],
    ["corpus", "corpus.sources", "corpus.owners", "corpus.croissant"],
    ["corpus.shard", "corpus.adding", "corpus.planning"],
    ["corpus.engines", "corpus.comparison"],
    ["corpus.running", "corpus.report", "corpus.release"],
    ["corpus.imports", "corpus.attendance"],
    ["worker", "submission"],
    ["bundle"],
    [
        "http",
        "http.problems",
        "http.requests",
        "http.waiting",
        "http.passwords",
        "http.scopes",
        "http.basic",
        "http.body",
    ],
    ["http.rates", "http.identities"],
    [
        "http.service",
        "http.upload",
        "http.answers",
    ],
    ["http.found", "http.forms", "http.marks"],
    ["http.addresses", "http.submissions", "http.search", "http.passages", "http.views"],
    [
        "http.documents",
        "http.jobs",
        "http.about",
        "http.models",
        "http.review",
        "http.doubts",
        "http.adjudication",
        "http.agreement",
        "http.session",
        "http.keys",
        "http.people",
        "http.audit",
        "http.corpus",
        "http.labelling",
        "http.operations",
        "http.webhooks",
        "http.second_readings",
    ],
    ["http.annotations", "http.exports", "http.labelstudio"],
    ["http.drafts"],
    ["pages", "pages.assets", "pages.considered"],
    ["pages.criteria", "pages.rendering"],
    ["pages.segments", "pages.visitor", "pages.static_files"],
    ["pages.documents", "pages.keys", "pages.review", "pages.sign_in"],
    ["pages.routes"],
    ["http.application"],
    ["serving", "demo"],
    ["command_line"],
    ["access_commands", "corpus_commands"],
    ["client", "client.forms", "client.connection", "client.display"],
    ["client.results"],
    ["client.batch"],
    ["client.commands"],
    ["commands"],
]
HEAVY = {
    "fastapi",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "dbos",
    "pydantic_settings",
    "argon2",
    "torch",
    "transformers",
    "sentence_transformers",
    "datasets",
    "sklearn",
    "openvino",
    "onnx",
    "onnxruntime",
    "pypdfium2",
    "tokenizers",
    "docx",
    "jinja2",
    "httpx",
    "matplotlib",
    "openpyxl",
    "xlsxwriter",
    "fsspec",
    "ray",
    "openai",
}
# What the client does without: it runs where only httpx is added to the base install.
SERVICE_ONLY = {
    "fastapi",
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "dbos",
    "pydantic_settings",
    "argon2",
    "structlog",
}


def modules(package: str) -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT / package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


ALL_RANKS = {"classifier": RANKS, "api": API_RANKS}


@pytest.mark.parametrize("package", ALL_RANKS)
def test_every_module_has_a_rank(package: str) -> None:
    ranked = sorted(name for rank in ALL_RANKS[package] for name in rank)
    assert ranked == sorted(name for name in modules(package) if name)


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package in ALL_RANKS for name in modules(package) if name]
)
def test_imports_never_point_up(package: str, name: str) -> None:
    rank_of = {module: rank for rank, members in enumerate(ALL_RANKS[package]) for module in members}
    for target in imported(modules(package)[name]):
        if target.startswith(f"{package}."):
            inner = target.removeprefix(f"{package}.")
            assert rank_of[inner] <= rank_of[name], f"{name} imports {inner}, which stands above it"


@pytest.mark.parametrize("name", sorted(modules("classifier")))
def test_the_classifier_knows_no_training_no_web_and_no_torch(name: str) -> None:
    roots = {target.split(".")[0] for target in imported(modules("classifier")[name])}
    assert not roots & {
        "training",
        "api",
        "tests",
        "torch",
        "transformers",
        "sentence_transformers",
        "datasets",
        "sklearn",
        "fastapi",
        "sqlalchemy",
    }


@pytest.mark.parametrize("name", sorted(modules("api")))
def test_the_service_knows_no_training(name: str) -> None:
    roots = {target.split(".")[0] for target in imported(modules("api")[name])}
    assert not roots & {"training", "tests", "torch", "transformers", "sentence_transformers", "sklearn"}


@pytest.mark.parametrize("name", [name for name in modules("api") if not name.startswith(("http", "pages"))])
def test_only_the_http_side_knows_http(name: str) -> None:
    assert not {target.split(".")[0] for target in imported(modules("api")[name])} & {"fastapi", "starlette"}


@pytest.mark.parametrize("name", sorted(modules("training")))
def test_training_knows_no_service(name: str) -> None:
    assert not {target.split(".")[0] for target in imported(modules("training")[name])} & {"api", "tests", "fastapi"}


def test_data_and_models_hold_no_python() -> None:
    assert not [*(ROOT / "labelled_data").rglob("*.py"), *(ROOT / "models").rglob("*.py")]


@pytest.mark.parametrize(
    "start",
    [
        "import classifier",
        "import api.commands",
        "import sys; sys.argv = ['prevention', '--help']; from classifier.commands import main\ntry: main()\nexcept SystemExit: pass",
    ],
)
def test_a_light_start_loads_nothing_heavy(start: str) -> None:
    code = f"import sys\n{start}\nprint('LOADED', sorted(m for m in {sorted(HEAVY)!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("LOADED []"), done.stdout


def test_the_client_needs_only_httpx() -> None:
    code = f"import sys, api.client.batch\nprint('LOADED', sorted(m for m in {sorted(SERVICE_ONLY)!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("LOADED []"), done.stdout
    for name in (name for name in modules("api") if name.startswith("client")):
        for target in imported(modules("api")[name]):
            assert not target.startswith("api.") or target.startswith("api.client"), f"{name} imports {target}"


def test_the_base_install_asks_for_no_torch() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = {name.split(">")[0].split("=")[0].split("[")[0] for name in project["dependencies"]}
    assert not base & {"torch", "transformers", "sentence-transformers", "datasets", "scikit-learn", "onnx"}
    assert not base & {"fastapi", "uvicorn", "sqlalchemy", "alembic", "dbos"}
    assert any(name.startswith("torch==") for name in project["optional-dependencies"]["train"])


def test_nothing_is_pickled() -> None:
    for package in ("classifier", "training", "api"):
        for path in modules(package).values():
            assert not {"pickle", "joblib", "dill"} & {target.split(".")[0] for target in imported(path)}, path
