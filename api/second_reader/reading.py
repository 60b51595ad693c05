"""One second reading carried out: material, prompt, budget, question, check, and what came of it written down. It touches no prediction and no label."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.second_reader.answers import Checked, WrongFormError, check_document, check_drafts, check_paragraph
from api.second_reader.budget import BudgetError, set_aside, settle
from api.second_reader.configuration import ReaderSettings
from api.second_reader.material import Material, NothingToReadError, ReaderPassage, gather
from api.second_reader.prompts import VERSION, Prompt, document_prompt, drafts_prompt, paragraph_prompt
from api.second_reader.provider import LONGEST_WAIT, Answer, Outcome, Provider, ReaderError
from api.second_reader.requests import Asked, append, end, hold, kept_reading
from api.second_reader.tokens import count_tokens
from api.store.tables import new_id
from classifier.codebook import Codebook

log = structlog.stdlib.get_logger("prevention.reader")

_BACKOFF = 3.0


@dataclass(slots=True)
class _Tally:
    """What a reading has used so far, over all attempts."""

    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the model, how its answer is checked, and the name under which it is found again."""

    prompt: Prompt
    check: Callable[[str], Checked]
    beside: dict[str, Any]
    text_digest: str
    cache_key: str


class ReadingRun:
    """Carries out requests with one provider."""

    def __init__(
        self, engine: Engine, settings: ReaderSettings, provider: Provider, codebook: Codebook, model_id: str
    ) -> None:  # fmt: skip
        self._engine, self._settings, self._provider = engine, settings, provider
        self._codebook, self._model_id = codebook, model_id
        self.pause: Callable[[float], object] = time.sleep

    @property
    def lease(self) -> timedelta:
        """How long one attempt may take: until then nobody else takes the request."""
        return timedelta(seconds=self._settings.seconds * 2 + LONGEST_WAIT * 2)

    def run(self, asked: Asked) -> None:
        """Carry out a request; whatever happens, a reading says it."""
        try:
            with Session(self._engine) as session:
                question = self._question(gather(session, asked.document_id, self._model_id), asked)
        except NothingToReadError as error:
            self._end(asked, None, "nothing_to_read", str(error), None, _Tally())
            return
        if not asked.again and self._reuse(asked, question):
            return
        tally = _Tally()
        try:
            checked = self._ask(asked, question, tally)
        except BudgetError as error:
            self._end(asked, question, "over_budget", str(error), None, tally)
        except ReaderError as error:
            self._end(asked, question, error.outcome, error.sentence, None, tally)
        else:
            self._end(asked, question, "read", _told(checked), checked, tally)

    def _question(self, material: Material, asked: Asked) -> _Question:
        room, codebook = self._settings.prompt_tokens, self._codebook
        check: Callable[[str], Checked]
        if asked.kind == "drafts":
            wanted = [passage for passage in material.passages if passage.id in set(asked.passages)]
            if not wanted:
                raise NothingToReadError(f"{asked.document_id}: none of the passages can be seen on the page; choose others")  # fmt: skip
            while (prompt := drafts_prompt(wanted, codebook)).tokens > room and len(wanted) > 1:
                wanted = wanted[:-1]
            check = lambda text: check_drafts(text, codebook, prompt.passages)  # noqa: E731
        elif asked.kind == "paragraph":
            lines = evidence_lines(material)
            if not lines:
                raise NothingToReadError(f"{asked.document_id}: has no evidence to write from; wait until it is scored")
            while (prompt := paragraph_prompt(lines)).tokens > room and len(lines) > 1:
                lines = lines[: max(1, len(lines) * 3 // 4)]
            check = lambda text: check_paragraph(text, prompt.passages)  # noqa: E731
        else:
            prompt = document_prompt(material, codebook, room)
            check = lambda text: check_document(text, codebook, prompt.passages)  # noqa: E731
        beside = {
            "passages_shown": len(prompt.passages), "passages_there": len(material.passages), "hidden_left_out": material.hidden,
            "hidden_looked_for": material.hidden_known, "prompt_tokens_counted": prompt.tokens,
        }  # fmt: skip
        return _Question(prompt, check, beside, material.digest, self._cache_key(asked, material, prompt))

    def _cache_key(self, asked: Asked, material: Material, prompt: Prompt) -> str:
        found = [
            asked.document_id, asked.kind, sorted(asked.passages), self._settings.provider, self._settings.model, VERSION,
            prompt.schema, self._codebook.version, material.digest, prompt.hash,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()

    def _reuse(self, asked: Asked, question: _Question) -> bool:
        with Session(self._engine) as session, session.begin():
            kept = kept_reading(session, question.cache_key)
            return kept is not None and end(session, asked, kept.id)

    def _ask(self, asked: Asked, question: _Question, tally: _Tally) -> Checked:
        """Ask until there is an answer that can be used; each attempt is paid from the budget by itself."""
        for attempt in range(1, self._settings.attempts + 1):
            try:
                answer = self._attempt(asked, question, tally)
                return question.check(answer.text)
            except WrongFormError as error:
                raise ReaderError("wrong_form", str(error), spent=True) from error
            except ReaderError as error:
                if error.wait is None or attempt == self._settings.attempts:
                    raise
                self.pause(min(LONGEST_WAIT, max(error.wait, _BACKOFF ** (attempt - 1) - 1)))
        raise AssertionError("no attempt was made")

    def _attempt(self, asked: Asked, question: _Question, tally: _Tally) -> Answer:
        most = question.prompt.tokens + self._settings.answer_tokens
        with Session(self._engine) as session, session.begin():
            if not hold(session, asked, self.lease):
                raise ReaderError("cut_off", "another reader has taken this request over", spent=False)
            entry = set_aside(session, self._settings, asked.document_id, most)
        begun = time.monotonic()
        # What is not known counts as used: the server may have charged for it.
        used, told = (question.prompt.tokens, self._settings.answer_tokens), None
        try:
            told = self._provider.ask(question.prompt)
            return told
        except ReaderError as error:
            told = error.answer
            used = used if error.spent else (0, 0)
            raise
        finally:
            if told is not None:
                used = _used(told, used[0])
            tally.prompt_tokens, tally.answer_tokens = tally.prompt_tokens + used[0], tally.answer_tokens + used[1]
            tally.seconds += time.monotonic() - begun
            with Session(self._engine) as session, session.begin():
                settle(session, entry, sum(used))

    def _end(
        self, asked: Asked, question: _Question | None, outcome: Outcome, sentence: str, checked: Checked | None, tally: _Tally
    ) -> None:  # fmt: skip
        body = {**(checked.body if checked is not None else {}), **(question.beside if question is not None else {})}
        settings = self._settings
        name = new_id("second")
        with Session(self._engine) as session, session.begin():
            if not end(session, asked, name):
                # Somebody else has it now: one request has one reading.
                return
            append(
                session, name, document_id=asked.document_id, request_id=asked.id, kind=asked.kind, outcome=outcome,
                sentence=sentence, provider=settings.provider, model=settings.model, prompt_version=VERSION,
                prompt_hash=question.prompt.hash if question is not None else "",
                text_digest=question.text_digest if question is not None else "",
                cache_key=question.cache_key if question is not None else "",
                codebook_version=self._codebook.version, body=json.dumps(body, ensure_ascii=False),
                quotes_verified=checked.verified if checked is not None else 0,
                quotes_dropped=checked.dropped if checked is not None else 0,
                prompt_tokens=tally.prompt_tokens, answer_tokens=tally.answer_tokens,
                cost=settings.cost(tally.prompt_tokens, tally.answer_tokens), seconds=round(tally.seconds, 3),
            )  # fmt: skip
        log.info("second reading ended", document_id=asked.document_id, request=asked.id, outcome=outcome)


def evidence_lines(material: Material) -> list[ReaderPassage]:
    """Return the classifier's evidence as lines with ids: each quote once, with the criteria that it speaks for."""
    at = {passage.id: passage for passage in material.passages}
    found: dict[tuple[str, int, int], tuple[str, int, list[str]]] = {}
    for key, evidence in material.evidence.items():
        for one in evidence:
            # Evidence that nobody sees on the page stays out.
            passage_of = at.get(one.passage)
            if passage_of is not None and one.quote in passage_of.text:
                found.setdefault((one.passage, one.start, one.end), (one.quote, one.page, []))[2].append(key)
    return [
        ReaderPassage(f"{passage}:{start}-{stop}", page, start, at[passage].role, ", ".join(keys), quote)
        for (passage, start, stop), (quote, page, keys) in found.items()
    ]


def _used(answer: Answer, counted: int) -> tuple[int, int]:
    """Return the tokens that a server counted, or our own count where it tells none."""
    prompt = answer.prompt_tokens if answer.prompt_tokens is not None else counted
    return prompt, answer.answer_tokens if answer.answer_tokens is not None else count_tokens(answer.text)


def _told(checked: Checked) -> str:
    if not checked.dropped:
        return f"read; all {checked.verified} quotes stand in the document" if checked.verified else "read; no quotes were given"  # fmt: skip
    return f"read; {checked.verified} quotes stand in the document, {checked.dropped} do not and were dropped"
