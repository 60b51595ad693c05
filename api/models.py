"""The model in use: loaded beside requests, and exchanged for another while the service runs.

Whoever works takes what is in use once and keeps to it: a request, or a job, that began with one model ends with it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from api.logs import place_of
from api.turns import shared
from classifier.artefact import (
    CODEBOOK,
    HEADS,
    MANIFEST,
    Artefact,
    Heads,
    Manifest,
    check_files,
    current_model,
    load_artefact,
)
from classifier.codebook import Codebook, load_codebook
from classifier.errors import PreventionError

log = structlog.stdlib.get_logger("prevention.models")

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model as the service names it."""

    id: str
    codebook_version: str
    in_use: bool
    # From which probability on a passage has a label.
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InUse:
    """The model in use, its codebook, and all models at hand, as they are at one moment."""

    folder: Path
    cards: tuple[ModelCard, ...]
    codebook: Codebook
    loading: Future[Artefact]

    @property
    def artefact(self) -> Artefact:
        """The model itself; waits until it is loaded."""
        return self.loading.result()

    @property
    def card(self) -> ModelCard:
        """The model in use as it is named."""
        return next(card for card in self.cards if card.in_use)


def first_in_use() -> InUse:
    """Return the model in use and begin to load it, safe to use from several threads; what is wrong with it is raised where it is asked for.

    Its files are checked before this returns.
    """
    folder = current_model()
    cards, codebook = _cards(folder), load_codebook(folder / CODEBOOK)
    pool = ThreadPoolExecutor(1, thread_name_prefix="loading")
    loading = pool.submit(lambda: shared(load_artefact(folder)))
    pool.shutdown(wait=False)
    return InUse(folder, cards, codebook, loading)


class ModelSwitch:
    """Holds the model in use, and puts another in its place once that is loaded: nobody waits for it, and nobody is cut off."""

    def __init__(self, first: InUse) -> None:
        self._now = first
        self._seen = _models_beside(first.folder)
        self._refused: tuple[Path, float] | None = None
        self._guard = threading.Lock()

    @property
    def now(self) -> InUse:
        """What is in use at this moment."""
        return self._now

    @property
    def fixed(self) -> bool:
        """Whether PREVENTION_MODEL names the model, so that no other can be put into use."""
        return bool(os.environ.get("PREVENTION_MODEL"))

    def watch(self) -> None:
        """Look about once a second, in a thread, whether another model was put into use."""

        def repeat() -> None:
            pause = threading.Event()
            while not pause.wait(_LOOK_SECONDS):
                try:
                    self.look()
                except Exception as error:
                    # Whatever it is: the model that is in use stays, and the next look may do better.
                    log.error("models could not be looked at", error=type(error).__name__, place=place_of(error))

        threading.Thread(target=repeat, name="models", daemon=True).start()

    def look(self) -> InUse:
        """Take up another model where one was put into use, and models that have come or gone; return what is in use then."""
        with self._guard:
            beside, folder = _models_beside(self._now.folder), current_model()
            try:
                if folder != self._now.folder and (folder, _age(folder)) != self._refused:
                    self._take_up(folder)
                elif beside != self._seen:
                    before = self._now
                    self._now = InUse(before.folder, _cards(before.folder), before.codebook, before.loading)
            except (PreventionError, OSError) as error:
                # The one in use goes on. It is tried again when its folder has changed.
                self._refused = (folder, _age(folder))
                log.error("a model could not be taken up", model=folder.name, reason=str(error))
            self._seen = beside
            return self._now

    def _take_up(self, folder: Path) -> None:
        before = self._now
        loaded: Future[Artefact] = Future()
        loaded.set_result(shared(load_artefact(folder)))
        self._now = InUse(folder, _cards(folder), load_codebook(folder / CODEBOOK), loaded)
        log.info("another model is in use", model=folder.name, before=before.folder.name)


def _age(folder: Path) -> float:
    manifest = folder / MANIFEST
    return manifest.stat().st_mtime if manifest.is_file() else 0.0


def _models_beside(folder: Path) -> frozenset[str]:
    return frozenset(path.parent.name for path in folder.parent.glob(f"*/{MANIFEST}"))


def _cards(folder: Path) -> tuple[ModelCard, ...]:
    """Return the model in use, after checking its files, and those that lie beside it."""
    model = check_files(folder)
    heads = Heads.model_validate_json((folder / HEADS).read_bytes())
    cards = [ModelCard(model.id, model.codebook_version, True, _thresholds(heads))]
    for path in sorted(folder.parent.glob(f"*/{MANIFEST}")):
        manifest = Manifest.model_validate_json(path.read_bytes())
        if manifest.id != model.id:
            heads = Heads.model_validate_json((path.parent / HEADS).read_bytes())
            cards.append(ModelCard(manifest.id, manifest.codebook_version, False, _thresholds(heads)))
    return tuple(cards)


def _thresholds(heads: Heads) -> dict[str, float]:
    return dict(zip(heads.labels, heads.scaling.thresholds, strict=True))
