"""The model loaded while everything else is imported: its runtime computes without the interpreter."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from classifier.artefact import Artefact, current_model, load_artefact


def begin_loading() -> Future[Artefact]:
    """Begin to load the model in use; what is wrong with it is raised where the result is asked for."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="loading")
    loading = pool.submit(lambda: load_artefact(current_model()))
    pool.shutdown(wait=False)
    return loading
