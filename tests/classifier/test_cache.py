"""What is kept comes back whole or not at all."""

from __future__ import annotations

from pathlib import Path

from classifier.cache import Cache, cache_key


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    cache, key = Cache(tmp_path / "cache"), cache_key(["a", 1, True, None])
    assert cache.get("pages", key) is None
    cache.put("pages", key, b"what was read" * 1000)
    assert cache.get("pages", key) == b"what was read" * 1000
    assert cache.get("logits", key) is None
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [key]


def test_what_a_power_cut_has_left_counts_as_absent(tmp_path: Path) -> None:
    cache, key = Cache(tmp_path), cache_key(["a"])
    cache.put("pages", key, b"what was read" * 1000)
    for cut in (b"", cache.path("pages", key).read_bytes()[:-3]):
        cache.path("pages", key).write_bytes(cut)
        assert cache.get("pages", key) is None


def test_parts_are_not_run_together() -> None:
    assert cache_key(["ab", "c"]) != cache_key(["a", "bc"])
    assert cache_key(["1"]) != cache_key([1])
