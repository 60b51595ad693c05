"""How much one caller may ask for: requests a minute, and wrong passwords. Kept in memory, bounded, and safe among threads."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]

# How many callers are remembered; past that, those who have been quiet longest are forgotten.
_MOST = 10_000
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left: whole requests, and the seconds until there is one more (0 while there is one) and until all are back."""

    limit: int
    left: int
    wait: float
    full: float

    @property
    def spent(self) -> bool:
        """Whether the request that asked is one too many."""
        return self.wait > 0


class Rate:
    """A bucket of tokens for each caller: a minute's requests at once at most, refilled evenly."""

    def __init__(self, clock: Clock = time.monotonic, most: int = _MOST) -> None:
        self._clock, self._most = clock, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str, per_minute: int) -> Allowance:
        """Take one request out of a caller's bucket, and say what is left in it."""
        moment, pace = self._clock(), per_minute / _MINUTE
        with self._lock:
            held, seen = self._buckets.pop(caller, (float(per_minute), moment))
            tokens = min(float(per_minute), held + (moment - seen) * pace)
            wait = 0.0 if tokens >= 1 else (1 - tokens) / pace
            if not wait:
                tokens -= 1
            self._buckets[caller] = (tokens, moment)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return Allowance(per_minute, int(tokens), wait, (per_minute - tokens) / pace)

    def __len__(self) -> int:
        """Return how many callers are remembered."""
        return len(self._buckets)


class Attempts:
    """Attempts to sign in that have failed, by name and by address: so many within so many seconds, then no more for a while."""

    def __init__(
        self, clock: Clock = time.monotonic, allowed: int = 10, seconds: float = 900, most: int = _MOST
    ) -> None:
        self._clock, self._allowed, self._seconds, self._most = clock, allowed, seconds, most
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, *whose: str) -> float:
        """Count an attempt as failed until `succeed` says otherwise; return 0, or the seconds to wait where it is one too many.

        It is counted before the password is looked at: otherwise a thousand attempts at once would all come before the first failure.
        """
        moment = self._clock()
        with self._lock:
            recent = {name: [t for t in self._failures.get(name, []) if t > moment - self._seconds] for name in whose}
            waits = [times[0] + self._seconds - moment for times in recent.values() if len(times) >= self._allowed]
            if waits:
                return max(waits)
            for name, times in recent.items():
                self._failures[name] = [*times, moment]
                self._failures.move_to_end(name)
            while len(self._failures) > self._most:
                self._failures.popitem(last=False)
        return 0.0

    def succeed(self, name: str, address: str) -> None:
        """Forget a name's failures, and this attempt of the address; what else failed from there still counts."""
        with self._lock:
            self._failures.pop(name, None)
            if times := self._failures.get(address):
                times.pop()

    def __len__(self) -> int:
        """Return how many names and addresses are remembered."""
        return len(self._failures)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service remembers of its callers."""

    rate: Rate = field(default_factory=Rate)
    attempts: Attempts = field(default_factory=Attempts)
