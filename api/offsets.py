"""Offsets counted in UTF-16 code units, as JavaScript counts them, and in Unicode code points, as everything here does."""

from __future__ import annotations

from bisect import bisect_left

from classifier.errors import PreventionError

_LAST_OF_ONE_UNIT = "\uffff"


class OffsetError(PreventionError):
    """An offset points nowhere in its text."""


class Utf16Offsets:
    """One text's offsets in both counts."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        # Code points of two units: where they stand in the one count, and where in the other.
        self._wide = [place for place, character in enumerate(text) if character > _LAST_OF_ONE_UNIT]
        self._units = [place + before for before, place in enumerate(self._wide)]

    def to_units(self, point: int) -> int:
        """Return an offset in code points as one in UTF-16 units."""
        if not 0 <= point <= self._length:
            raise OffsetError(f"offset {point}: the text has {self._length} code points; give one within it")
        return point + bisect_left(self._wide, point)

    def to_points(self, unit: int) -> int:
        """Return an offset in UTF-16 units as one in code points; raise `OffsetError` where it falls into a character."""
        before = bisect_left(self._units, unit)
        if before and self._units[before - 1] + 1 == unit:
            raise OffsetError(f"offset {unit}: falls into a character of two UTF-16 units; give one beside it")
        point = unit - before
        if not 0 <= point <= self._length:
            raise OffsetError(
                f"offset {unit}: the text has {self._length + len(self._wide)} UTF-16 units; give one within it"
            )
        return point
