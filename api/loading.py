"""The model in use, loaded in a thread: requests that do not need it are answered meanwhile."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from api.turns import shared
from classifier.artefact import Artefact, current_model, load_artefact


def begin_loading() -> Future[Artefact]:
    """Begin to load the model, safe to use from several threads; what is wrong with it is raised where the result is asked for."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="loading")
    loading = pool.submit(lambda: shared(load_artefact(current_model())))
    pool.shutdown(wait=False)
    return loading
