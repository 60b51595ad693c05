"""`prevention keys` and `prevention people` as a user meets them, beside a service that runs and without one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.api.service import PROGRAM, RunningService
from tests.test_commands import prevention

PASSWORD = "four words in a row"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with the first administrator's key."""
    assert prevention("init", "--data", tmp_path / "data").returncode == 0
    return tmp_path / "data"


def test_a_key_is_made_listed_and_revoked_beside_the_running_service(service: RunningService) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return prevention(*arguments, "--data", service.data, **{name: value for name, value in service.environment.items() if name.startswith("PREVENTION_")})  # fmt: skip

    made = run("keys", "make", "by hand", "--role", "viewer", "--scope", "read", "--expires", "2190-01-31", "--rate", "50", "--quota", "7")  # fmt: skip
    assert made.returncode == 0, made.stderr
    key = made.stdout.splitlines()[-1].removeprefix("key: ")
    key_id = key.partition(".")[0]
    with service.client(key) as client:
        assert client.get("/v1/session").json()["scopes"] == ["read"]
        assert client.get("/v1/models").headers["ratelimit-policy"] == '"minute";q=50;w=60'
        (line,) = [line for line in run("keys", "list").stdout.splitlines() if line.startswith(key_id)]
        assert "viewer (read)  live  used " in line
        assert line.endswith("  by hand")
        assert run("keys", "revoke", key_id).stdout == f"{key_id}: revoked\n"
        assert client.get("/v1/models").json()["code"] == "key_unknown"
    assert f"{key_id}  viewer (read)  revoked" in run("keys", "list").stdout
    with service.client() as admin:
        entries = admin.get("/v1/audit", params={"subject": key_id}).json()["entries"]
        assert [(entry["action"], entry["actor"]) for entry in entries] == [("key.revoked", "command-line"), ("key.made", "command-line")]  # fmt: skip
        row = next(row for row in admin.get("/v1/keys").json()["keys"] if row["id"] == key_id)
        assert (row["expires"], row["quota_mb"]) == ("2190-01-31T00:00:00Z", 7)


def test_a_person_is_added_given_a_password_and_disabled(store: Path) -> None:
    added = prevention("people", "add", "Edda Ohm", "--role", "annotator", "--data", store, PREVENTION_PASSWORD=PASSWORD)  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert added.stdout.endswith("  annotator  Edda Ohm\n")
    assert "annotator  live  Edda Ohm" in prevention("people", "list", "--data", store).stdout
    again = prevention("people", "password", "Edda Ohm", "--data", store, PREVENTION_PASSWORD="five words in one row")
    assert again.stdout == "Edda Ohm: has a new password\n"
    assert prevention("people", "disable", "Edda Ohm", "--data", store).stdout == "Edda Ohm: disabled\n"
    assert "annotator  disabled  Edda Ohm" in prevention("people", "list", "--data", store).stdout


@pytest.mark.parametrize(
    ("arguments", "password", "told"),
    [
        (["people", "add", "A", "--role", "viewer"], "short", "12 to 200 are asked for; choose another"),
        (["people", "add", "A", "--role", "viewer"], None, "no terminal to ask for the password on; set PREVENTION_PASSWORD"),
        (["people", "add", " ", "--role", "viewer"], PASSWORD, "cannot be a name"),
        (["people", "disable", "Nobody"], None, "Nobody: no person has this name; see them with"),
        (["people", "password", "Nobody"], PASSWORD, "Nobody: no person has this name; see them with"),
        (["keys", "revoke", "key_0"], None, "no key has the id key_0; list them"),
        (["keys", "make", "a", "--role", "viewer", "--expires", "2001-01-01"], None, "is past; give a moment to come"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(store: Path, arguments: list[str], password: str | None, told: str) -> None:
    given = {"PREVENTION_PASSWORD": password} if password is not None else {}
    done = subprocess.run(
        [PROGRAM, *arguments, "--data", store], stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **given}, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_the_last_administrator_is_not_revoked_by_command_either(store: Path) -> None:
    key_id = prevention("keys", "list", "--data", store).stdout.partition(" ")[0]
    done = prevention("keys", "revoke", key_id, "--data", store)
    assert (done.returncode, "make another administrator first" in done.stderr) == (2, True)
    assert "admin (all)  live" in prevention("keys", "list", "--data", store).stdout


def test_without_a_store_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    for command in (["keys", "list"], ["people", "list"]):
        done = prevention(*command, "--data", tmp_path / "none")
        assert (done.returncode, "run `prevention init --data" in done.stderr) == (2, True)


def test_init_makes_an_administrator_who_can_sign_in(tmp_path: Path) -> None:
    done = prevention("init", "--data", tmp_path / "data", "--admin", "Edda", PREVENTION_PASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("key: key_")
    assert "admin  live  Edda" in prevention("people", "list", "--data", tmp_path / "data").stdout
    refused = prevention("init", "--data", tmp_path / "other", "--admin", "Edda", PREVENTION_PASSWORD="short")
    assert refused.returncode == 2
    assert not (tmp_path / "other").exists(), "a password that does not fit leaves nothing half made"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_password_is_asked_for_twice_and_not_shown(store: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "PREVENTION_PASSWORD"}
    process = subprocess.Popen(
        [PROGRAM, "people", "add", "Edda", "--role", "viewer", "--data", store], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    for prompt in (b"password of Edda: ", b"once more: "):
        while not shown.endswith(prompt):
            shown += os.read(ours, 1000)
        # getpass throws away what was typed before it asked.
        time.sleep(0.2)
        os.write(ours, f"{PASSWORD}\n".encode())
    try:
        while chunk := os.read(ours, 1000):
            shown += chunk
    except OSError:
        pass  # the other side has ended
    assert process.wait(timeout=30) == 0, shown
    os.close(ours)
    assert PASSWORD.encode() not in shown
    assert b"viewer  Edda" in shown


def test_a_person_added_by_command_signs_in(service: RunningService) -> None:
    environment = {name: value for name, value in service.environment.items() if name.startswith("PREVENTION_")}
    prevention("people", "add", "By Hand", "--role", "admin", "--data", service.data, **{**environment, "PREVENTION_PASSWORD": PASSWORD})  # fmt: skip
    with httpx.Client(base_url=f"http://127.0.0.1:{service.port}") as page:
        answer = page.post("/v1/session", json={"name": "By Hand", "password": PASSWORD})
        assert (answer.status_code, answer.json()["role"]) == (201, "admin")
        assert page.get("/v1/people").status_code == 200
