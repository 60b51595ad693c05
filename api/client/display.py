"""What a person sees while the client works: bars on standard error where that is a terminal, and one line per error anywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

_NAME_WIDTH = 40


class Display:
    """How many of the files have ended, and how far the present one has come."""

    def __init__(self, console: Console, progress: Progress | None, total: int) -> None:
        self._console, self._progress = console, progress
        self._all = self._one = TaskID(0)
        if progress is not None:
            self._all = progress.add_task("all", total=total)
            self._one = progress.add_task("", total=None, visible=False)

    @property
    def shown(self) -> bool:
        """Whether anybody is watching."""
        return self._progress is not None

    def step(self, name: str, stage: str, done: int, total: int) -> None:
        """Show how far a file has come in uploading, reading or scoring."""
        if self._progress is not None:
            self._progress.update(
                self._one, description=f"{name[-_NAME_WIDTH:]}: {stage}", completed=done, total=total or None, visible=True
            )  # fmt: skip

    def ended(self) -> None:
        """Count one more file as done."""
        if self._progress is not None:
            self._progress.update(self._all, advance=1)

    def fault(self, sentence: str) -> None:
        """Print an error."""
        self._console.print(f"prevention: {sentence}")

    def note(self, sentence: str) -> None:
        """Print what was done."""
        self._console.print(sentence)


@contextmanager
def display(total: int) -> Iterator[Display]:
    """Give out a display for so many files."""
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    if not console.is_terminal:
        yield Display(console, None, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # By default rich sends standard output to the bars' console, even where it is a file.
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as progress:
        yield Display(console, progress, total)
