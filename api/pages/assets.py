"""The files that pages load: our own style and scripts, and the vendored libraries. All of them come from this service."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
# Beside the vendored files: what they are, where they come from, and a SHA-256 for each.
MANIFEST = STATIC / "vendor" / "SHA256SUMS"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".ttf": "font/ttf",
    ".pfb": "application/octet-stream",
}


@dataclass(frozen=True, slots=True)
class Assets:
    """All such files by name, under one version: a name under it never changes, so that browsers may keep it."""

    version: str
    paths: dict[str, Path]

    def url(self, name: str) -> str:
        """Return where a file is found; raise `KeyError` where there is none of that name."""
        if name and not name.endswith("/"):
            _ = self.paths[name]
        return f"/static/{self.version}/{name}"


@cache
def assets() -> Assets:
    """Return the files that there are; nothing else is ever served."""
    found = {
        path.relative_to(STATIC).as_posix(): path
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and path.suffix in _MEDIA_TYPES
    }
    whole = hashlib.sha256()
    for name, path in found.items():
        whole.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return Assets(whole.hexdigest()[:16], found)


def media_type(name: str) -> str:
    """Return what a file is, for the header Content-Type."""
    return _MEDIA_TYPES[Path(name).suffix]


def listed_digests() -> dict[str, str]:
    """Return the SHA-256 of each vendored file by its name, as the manifest has it."""
    lines = [line for line in MANIFEST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
