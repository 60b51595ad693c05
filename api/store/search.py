"""Full-text search over passages: FTS5 on SQLite, its own search on PostgreSQL. Only the newest reading of a document counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, column, func, literal_column, select, table
from sqlalchemy.orm import Session

from api.store.tables import StoredDocument, StoredPassage, StoredReading

# They mark a matched word's beginning and end; no text that is read holds them, and one that did would only be marked wrong.
_BEGIN, _END = "\x02", "\x03"
_SNIPPET_WORDS = 40
_RANKED = 2000
_WORDS = table("passage_words", column("passage_words"), column("rank"), column("rowid"))
_HEADLINE = f'StartSel="{_BEGIN}", StopSel="{_END}", MaxWords={_SNIPPET_WORDS}, MinWords=20, ShortWord=0'


@dataclass(frozen=True, slots=True)
class Match:
    """A passage found, its document's name, and the part of it that matches, cut into segments (text, whether it matches)."""

    passage: StoredPassage
    document: str
    segments: tuple[tuple[str, bool], ...]


def search_passages(session: Session, words: str, limit: int, offset: int = 0) -> list[Match]:
    """Return passages that hold the words, best first. PostgreSQL puts no more than the first 2,000 it finds in order."""
    found = _search(session, words)
    if found is None:
        return []
    snippet, order, query = found
    if session.get_bind().dialect.name == "postgresql":
        query = _first_of(query)
    rows = session.execute(
        query.with_only_columns(StoredPassage, StoredDocument.name, snippet)
        .join(StoredDocument, StoredDocument.id == StoredPassage.document_id)
        .order_by(order, StoredPassage.document_id.desc(), StoredPassage.number)
        .limit(limit)
        .offset(offset)
    )
    return [Match(passage, name, tuple(_segments(cut))) for passage, name, cut in rows]


def documents_with(session: Session, words: str) -> Select[tuple[str]] | None:
    """Return a query for the ids of the documents that hold the words in one passage; None where there is no word to look for."""
    found = _search(session, words)
    return None if found is None else found[2].with_only_columns(StoredPassage.document_id)


def _first_of(query: Select[Any]) -> Select[Any]:
    """Return a query for the first passages of a query: to put one in order, PostgreSQL has to take its text apart again."""
    key = query.with_only_columns(StoredPassage.reading_id, StoredPassage.number)
    first = key.limit(_RANKED).cte().prefix_with("MATERIALIZED", dialect="postgresql")
    both = (first.c.reading_id == StoredPassage.reading_id) & (first.c.number == StoredPassage.number)
    return select(StoredPassage).join(first, both)


def newest_reading() -> ColumnElement[bool]:
    """Return the condition that a passage belongs to its document's newest reading."""
    newest = select(func.max(StoredReading.id)).where(StoredReading.document_id == StoredPassage.document_id)
    return StoredPassage.reading_id == newest.correlate(StoredPassage).scalar_subquery()


def _search(session: Session, words: str) -> tuple[ColumnElement[Any], ColumnElement[Any], Select[Any]] | None:
    """Return the snippet, the order and the query of a search, each as this database says it; None where there is no word."""
    if session.get_bind().dialect.name == "postgresql":
        plain = "".join(character if character.isprintable() else " " for character in words)
        vector = func.to_tsvector(literal_column("'english'"), StoredPassage.text)
        asked = func.websearch_to_tsquery(literal_column("'english'"), plain)
        snippet = func.ts_headline(literal_column("'english'"), StoredPassage.text, asked, _HEADLINE)
        query = select(StoredPassage).where(vector.op("@@")(asked), newest_reading())
        return snippet, func.ts_rank_cd(vector, asked).desc(), query
    asked_words = fts5_query(words)
    if not asked_words:
        return None
    snippet = func.snippet(literal_column("passage_words"), 0, _BEGIN, _END, "…", _SNIPPET_WORDS)
    query = (
        select(StoredPassage)
        .join(_WORDS, _WORDS.c.rowid == literal_column("passages.rowid"))
        .where(_WORDS.c.passage_words.op("MATCH")(asked_words), newest_reading())
    )
    return snippet, _WORDS.c.rank, query


def fts5_query(words: str) -> str:
    """Return what people write (words, "phrases", -without, or) as FTS5 takes it, every word in quotes; empty where there is none."""
    groups: list[str] = []
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in [*re.findall(r'(-?)(?:"([^"]*)"|([^\s"]+))', words), ("", "", "or")]:
        if word.lower() == "or" and not minus:
            if wanted:
                groups.append(" NOT ".join([" AND ".join(wanted), *unwanted]))
            wanted, unwanted = [], []
            continue
        terms = re.findall(r"[^\W_]+", phrase or word)
        if terms:
            (unwanted if minus else wanted).append('"' + " ".join(terms) + '"')
    return " OR ".join(f"({group})" for group in groups)


def _segments(marked: str) -> Iterator[tuple[str, bool]]:
    matches = False
    for part in re.split(f"([{_BEGIN}{_END}])", marked):
        if part in (_BEGIN, _END):
            matches = part == _BEGIN
        elif part:
            yield part, matches
