"""What the lines of a budget come to, by category and by service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from classifier.spend.classification import CATEGORIES, PREVENTATIVE, Category, ClassifiedLine


@dataclass(frozen=True, slots=True)
class Sum:
    """Lines and pounds of one category, and its share of all pounds; None where they come to nothing or to income."""

    category: Category
    lines: int
    amount: Decimal
    share: float | None


@dataclass(frozen=True, slots=True)
class Sums:
    """A budget, or one service's part of it."""

    service: str
    amount: Decimal
    by_category: tuple[Sum, ...]

    @property
    def preventative(self) -> Decimal:
        return sum((one.amount for one in self.by_category if one.category in PREVENTATIVE), Decimal(0))

    @property
    def preventative_share(self) -> float | None:
        return _share(self.preventative, self.amount)

    @property
    def told_share(self) -> float | None:
        """Return the share of prevention in what is either preventative or reactive."""
        reactive = sum((one.amount for one in self.by_category if one.category == "reactive"), Decimal(0))
        return _share(self.preventative, self.preventative + reactive)


def sums_of(lines: Sequence[ClassifiedLine], service: str = "") -> Sums:
    """Add lines up; every category is there, also where it has no line."""
    total = sum((one.line.amount for one in lines), Decimal(0))
    found = []
    for category in CATEGORIES:
        amounts = [one.line.amount for one in lines if one.category == category]
        held = sum(amounts, Decimal(0))
        found.append(Sum(category, len(amounts), held, _share(held, total)))
    return Sums(service, total, tuple(found))


def sums_by_service(lines: Sequence[ClassifiedLine]) -> list[Sums]:
    """Return the sums of every service, the largest first."""
    by_service: dict[str, list[ClassifiedLine]] = {}
    for one in lines:
        by_service.setdefault(one.line.service or "no service named", []).append(one)
    found = [sums_of(these, service) for service, these in by_service.items()]
    return sorted(found, key=lambda sums: (-sums.amount, sums.service))


def _share(part: Decimal, whole: Decimal) -> float | None:
    return float(part / whole) if whole > 0 else None
