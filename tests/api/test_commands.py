"""`prevention init` and `prevention serve` as a user meets them."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.api.service import free_port
from tests.test_commands import prevention


def test_init_prints_the_key_last_and_only_once(tmp_path: Path) -> None:
    first = prevention("init", "--data", tmp_path / "data")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1].startswith("key: key_")
    for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    again = prevention("init", "--data", tmp_path / "data")
    assert again.returncode == 0
    assert "key: " not in again.stdout
    another = prevention("init", "--data", tmp_path / "data", "--new-key")
    assert another.stdout.splitlines()[-1].startswith("key: key_")
    assert another.stdout.splitlines()[-1] != first.stdout.splitlines()[-1]


def test_serve_without_a_store_says_how_to_make_one(tmp_path: Path) -> None:
    missing = prevention("serve", "--data", tmp_path / "none")
    assert missing.returncode == 2
    assert "run `prevention init --data" in missing.stderr
    empty = prevention("serve", "--data", tmp_path, "--port", str(free_port()))
    assert empty.returncode == 2
    assert "holds no store; run `prevention init`" in empty.stderr
    assert "Traceback" not in empty.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    prevention("init", "--data", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = prevention("serve", "--data", tmp_path, "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "cannot be listened at (Address already in use)" in done.stderr
