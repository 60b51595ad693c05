"""The files that pages load: whole, our own, and nothing beside them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import httpx
import pytest

from api.pages.assets import STATIC, assets, listed_digests

VENDOR = STATIC / "vendor"
OURS = [path for path in STATIC.rglob("*") if path.suffix in (".js", ".css") and VENDOR not in path.parents]
TEMPLATES = sorted((STATIC.parent / "templates").glob("*.html"))


def test_every_vendored_file_is_the_one_that_the_manifest_lists() -> None:
    listed = listed_digests()
    files = {path.relative_to(VENDOR).as_posix(): path for path in VENDOR.rglob("*") if path.is_file()}
    assert set(files) - {"README.md", "SHA256SUMS"} == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == digest, name


def test_each_library_keeps_its_licence_and_its_version() -> None:
    readme = (VENDOR / "README.md").read_text(encoding="utf-8")
    for folder in (path for path in VENDOR.iterdir() if path.is_dir()):
        assert (folder / "LICENSE").stat().st_size > 300
        assert f"| `{folder.name}/` |" in readme
    assert "pdfjsVersion = 5.6.205" in (VENDOR / "pdfjs/build/pdf.min.mjs").read_text(encoding="utf-8")[:3000]


@pytest.mark.parametrize("path", [*OURS, *TEMPLATES], ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"""(?:https?:)?//(?!www\.w3\.org)[a-z0-9-]+\.[a-z]{2,}""", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_script_or_a_style_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b|autoescape", text)
    for tag in re.findall(r"<script[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag, tag


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix == ".js"], ids=lambda path: path.name)
def test_no_script_reads_text_as_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)


def test_files_are_served_by_name_and_kept_by_browsers(client: httpx.Client) -> None:
    for name in (
        "style.css",
        "review/main.js",
        "vendor/pdfjs/build/pdf.worker.min.mjs",
        "vendor/pdfjs/wasm/openjpeg.wasm",
    ):
        answer = client.get(assets().url(name))
        assert answer.status_code == 200, name
        assert answer.content == (STATIC / name).read_bytes()
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(assets().url("review/main.js")).headers["Content-Type"].startswith("text/javascript")
    assert client.get("/favicon.ico").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["none.js", "../assets.py", "%2e%2e/assets.py", "..%2fassets.py", "/etc/passwd", "%2fetc%2fpasswd", "vendor/../../assets.py",
     "style.css%00.js", "style.css/", "", "review", "vendor/README.md", "vendor/SHA256SUMS", "....//assets.py", "..\\assets.py"],
)  # fmt: skip
def test_no_other_file_is_served(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/static/{assets().version}/{name}", follow_redirects=True)
    assert answer.status_code == 404
    assert "STATIC" not in answer.text
    assert "root:" not in answer.text


def test_a_file_of_another_version_is_none(client: httpx.Client) -> None:
    assert client.get("/static/0000000000000000/style.css").status_code == 404
