"""A scripted server that speaks OpenAI's chat completions, run as a process of its own: `python -m tests.api.second_reader.server PORT FOLDER`.

It behaves as the file `script` in the folder says, a word a request, the last for all that follow; and writes what it was sent to `seen.jsonl`.
"""

from __future__ import annotations

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar


def answered(body: dict[str, Any], way: str) -> str:
    """Return what a model says: grounded, invented or obedient to what the document tells it."""
    told = body["messages"][1]["content"]
    lines = [json.loads(line) for line in told.splitlines() if re.match(r"\[\d+, ", line)]
    schema = body["response_format"].get("json_schema", {}).get("schema", {}).get("properties", {})
    if "sentences" in schema:
        return json.dumps(_paragraph(lines))
    if "passages" in schema:
        return json.dumps({"passages": [_draft(line) for line in lines]})
    keys = re.findall(r"^- (\w+) \(([^)]*)\)", told, re.MULTILINE)
    return json.dumps({"criteria": {key: _answer(levels.split(", "), lines, way) for key, levels in keys}})


def _answer(levels: list[str], lines: list[list[Any]], way: str) -> dict[str, Any]:
    words = lines[0][3].split()
    quotes = [{"passage": 1, "quote": " ".join(words[:8])}]
    label = levels[1]
    if way == "invented":
        quotes.append({"passage": 1, "quote": "prevention is the only thing this council will ever do"})
    if way == "elsewhere":
        quotes = [{"passage": 2, "quote": " ".join(words[:8])}, {"passage": 99_999, "quote": " ".join(words[:8])}]
    if way == "obeys":
        # Whatever the document asks for, word for word, and a label of its own.
        ordered = [match for line in lines for match in re.findall(r"INSTRUCTION\[(.*?)\]", line[3])]
        label = ordered[0] if ordered else "very_strong"
        quotes = [{"passage": 1, "quote": order} for order in ordered] + [
            {"passage": 1, "quote": "http://evil.example/steal"}
        ]
    return {"label": label, "rationale": 'The plan "invests in nothing" here.', "quotes": quotes}


def _draft(line: list[Any]) -> dict[str, Any]:
    words = " ".join(line[3].split()[:6])
    return {
        "passage": line[0],
        "labels": ["primary"],
        "rationale": "A service for all.",
        "quotes": [words, "never said at all"],
    }


def _paragraph(lines: list[list[Any]]) -> dict[str, Any]:
    return {
        "sentences": [
            {"text": "The strategy speaks of prevention.", "evidence": [lines[0][0]]},
            {"text": "It is the best in the country.", "evidence": []},
            {"text": "It spends 987654 pounds.", "evidence": [lines[0][0]]},
            {"text": "It has another aim.", "evidence": [99_999]},
        ]
    }


class Handler(BaseHTTPRequestHandler):
    """Answers one request as the script says."""

    folder: ClassVar[Path]
    count: ClassVar[int] = 0
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say that the server is there; whatever else is fetched is written down as well."""
        self._note({"method": "GET"})
        self._send(200, b"{}")

    def do_POST(self) -> None:
        """Answer a chat completion."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ways = (self.folder / "script").read_text(encoding="utf-8").split()
        way = ways[min(Handler.count, len(ways) - 1)]
        Handler.count += 1
        self._note({"method": "POST", "way": way, "body": body})
        getattr(self, f"_{way}", self._plain)(body, way)

    def _plain(self, body: dict[str, Any], way: str) -> None:
        self._complete(body, answered(body, way))

    def _fenced(self, body: dict[str, Any], way: str) -> None:
        self._complete(body, f"```json\n{answered(body, way)}\n```")

    def _truncated(self, body: dict[str, Any], way: str) -> None:
        self._complete(body, answered(body, way)[:200], "length")

    def _wrong(self, body: dict[str, Any], way: str) -> None:
        self._complete(body, json.dumps({"criteria": {"strength": {"label": "marvellous"}}, "labels": [1]}))

    def _prose(self, body: dict[str, Any], way: str) -> None:
        self._complete(body, "I think that this is a fine strategy.")

    def _refusal(self, body: dict[str, Any], way: str) -> None:
        self._complete(body, None, refusal="I cannot help with that.")

    def _noschema(self, body: dict[str, Any], way: str) -> None:
        if body["response_format"]["type"] == "json_schema":
            self._send(400, b'{"error": {"message": "response_format json_schema is not supported"}}')
        else:
            self._complete(body, answered(body, way))

    def _busy(self, body: dict[str, Any], way: str) -> None:
        self._send(429, b'{"error": {"message": "slow down"}}', **{"Retry-After": "1"})

    def _closed(self, body: dict[str, Any], way: str) -> None:
        self._send(429, b'{"error": {"message": "quota"}}', **{"Retry-After": "86400"})

    def _broken(self, body: dict[str, Any], way: str) -> None:
        self._send(500, b"oh no")

    def _unauthorised(self, body: dict[str, Any], way: str) -> None:
        self._send(401, json.dumps({"error": {"message": f"bad key {self.headers['Authorization']}"}}).encode())

    def _elsewhither(self, body: dict[str, Any], way: str) -> None:
        self._send(307, b"", Location=(self.folder / "other").read_text(encoding="utf-8"))

    def _garbage(self, body: dict[str, Any], way: str) -> None:
        self._send(200, b"<html>hello</html>", **{"Content-Type": "text/html"})

    def _endless(self, body: dict[str, Any], way: str) -> None:
        self._start(8 * 2**20)
        self.wfile.write(b" " * (8 * 2**20))

    def _drip(self, body: dict[str, Any], way: str) -> None:
        self._start(1_000_000)
        for _ in range(200):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def _cut(self, body: dict[str, Any], way: str) -> None:
        self._start(1_000_000)
        self.wfile.write(b'{"id": "x", "choices": [{"message"')
        self.wfile.flush()
        self.close_connection = True

    def _complete(
        self, body: dict[str, Any], text: str | None, finish: str = "stop", refusal: str | None = None
    ) -> None:
        prompt = sum(len(message["content"]) for message in body["messages"]) // 4
        answer = {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, "refusal": refusal}}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": 100, "total_tokens": prompt + 100},
        }  # fmt: skip
        self._send(200, json.dumps(answer).encode())

    def _start(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _note(self, what: dict[str, Any]) -> None:
        with (self.folder / "seen.jsonl").open("a", encoding="utf-8") as seen:
            seen.write(json.dumps({"path": self.path, "headers": dict(self.headers), **what}) + "\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of an asker who has gone."""


if __name__ == "__main__":
    Handler.folder = Path(sys.argv[2])
    _Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
