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
    ["errors"],
    ["codebook", "document", "pdf.words", "pdf.frames"],
    ["pdf.sight"],
    [
        "prediction",
        "sections",
        "calibration",
        "pdf.glyphs",
        "pdf.lines",
        "pdf.recognition",
        "pdf.sandbox",
        "formats.writing",
        "formats",
    ],
    ["passages", "encoder", "pdf.blocks", "pdf", "formats.docx", "formats.html", "formats.markdown", "formats.text"],
    ["mentions", "lexicon", "pdf.assembly", "reading"],
    ["evidence", "features", "artefact", "criteria", "pdf.child"],
    ["items"],
    ["score"],
    ["report", "report.words", "report.plain", "report.page", "report.annotated"],
    ["batch"],
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
        "store.tables.webhooks",
        "store.tables.reader",
    ],
    ["store.tables.jobs"],
    ["store.tables"],
    [
        "store.rows",
        "store.migrations.env",
        "store.migrations.versions.v0001_store",
        "store.migrations.versions.v0002_service",
        "store.migrations.versions.v0005_reader",
    ],
    ["annotation", "offsets", "turns"],
    ["loading"],
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
        "store.webhooks",
        "store.dump",
    ],
    ["store.people", "store.sign_ins"],
    ["store.jobs", "store.audit", "store.documents", "store.backup"],
    ["store.annotations"],
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
    ["http.found", "http.forms"],
    ["http.addresses", "http.submissions", "http.search", "http.passages", "http.views"],
    [
        "http.documents",
        "http.jobs",
        "http.about",
        "http.session",
        "http.keys",
        "http.people",
        "http.audit",
        "http.labelling",
        "http.operations",
        "http.webhooks",
        "http.second_readings",
    ],
    ["http.annotations", "http.exports", "http.labelstudio"],
    ["http.application"],
    ["serving", "demo"],
    ["command_line"],
    ["access_commands"],
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


@pytest.mark.parametrize("name", [name for name in modules("api") if not name.startswith("http")])
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
