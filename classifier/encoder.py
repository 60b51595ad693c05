"""The passage model at work: heading and text in, one probability per passage label out.

One ONNX graph holds the encoder, the pooling and the heads. OpenVINO runs it; its result for a passage does not depend
on what shares the batch (a test says so), which dynamic int8 in other runtimes does not promise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ModelError

MAX_TOKENS = 256
_BATCH_TOKENS = 2048
_HEADING_TOKENS = 48

# A link in brackets, as Markdown leaves it, which a lost ligature may have torn ("col ections/family-hubs"), or a bare one. Every part is bounded,
# so that no text makes the search slow.
_LINK = re.compile(
    r"\\?\(\s{0,3}https?://\S{0,300}?(?:\s{1,3}\S{0,100}[-/\\_]\S{0,100}?){0,4}\\?\)|(?:https?://|www\.)[^\s)]{1,300}"
)

Logits = NDArray[np.float32]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Text:
    """What is asked about: a passage's text, and the headings above it as one string."""

    text: str
    heading: str = ""

    @property
    def unlinked(self) -> Text:
        """The same without its links: a page of guidance is half links, and none of their words says what is done."""
        if "http" not in self.text and "www." not in self.text:
            return self
        return replace(self, text=_LINK.sub(" ", self.text))


class PassageModel(Protocol):
    """Anything that scores passages."""

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        """Return logits of shape (passages, labels)."""
        ...


def windows(tokenizer: Any, text: Text, max_tokens: int = MAX_TOKENS) -> list[list[int]]:
    """Return a text's token ids as windows of at most `max_tokens`, so that nothing is cut off.

    A window is [CLS] heading [SEP] text [SEP] in the tokenizer's own marks, the heading kept to its last 48 tokens; windows of
    a long text overlap by a fifth.
    """
    cls, *_, sep = tokenizer.encode("").ids
    heading = tokenizer.encode(text.heading, add_special_tokens=False).ids[-_HEADING_TOKENS:] if text.heading else []
    body = tokenizer.encode(text.text, add_special_tokens=False).ids
    head = [cls, *heading, sep] if heading else [cls]
    room = max_tokens - len(head) - 1
    if len(body) <= room:
        return [[*head, *body, sep]]
    step = room - room // 5
    return [[*head, *body[at : at + room], sep] for at in range(0, max(1, len(body) - room // 5), step)]


def batches(lengths: Sequence[int], max_tokens: int = _BATCH_TOKENS) -> Iterator[list[int]]:
    """Yield the indices of windows, sorted by length, in batches of about `max_tokens` with their padding."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[index] > max_tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _has_tiles() -> bool:
    """Tell whether the processor multiplies half-precision tiles (AMX); without them bfloat16 was measured 1.5 times slower."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


class OpenVinoModel:
    """The passage model on OpenVINO, from a model folder's graph and tokenizer."""

    def __init__(self, graph: Path, tokenizer: Path, *, threads: int = 0) -> None:
        # Imported here: `import classifier` must stay light.
        import openvino
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        core = openvino.Core()
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if _has_tiles() else "f32",
        }
        if threads:
            config["INFERENCE_NUM_THREADS"] = threads
        try:
            self._compiled = core.compile_model(core.read_model(str(graph)), "CPU", config)
        except RuntimeError as error:
            raise ModelError(
                f"{graph}: the runtime cannot load it ({str(error).splitlines()[0]}); train or fetch the model again"
            ) from error
        self._request = self._compiled.create_infer_request()

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        """Return logits of shape (passages, labels); of a passage's windows the highest counts, label by label."""
        owners: list[int] = []
        ids: list[list[int]] = []
        for owner, text in enumerate(texts):
            for window in windows(self._tokenizer, text):
                owners.append(owner)
                ids.append(window)
        found: list[NDArray[np.float32] | None] = [None] * len(texts)
        done = 0
        for batch in batches([len(window) for window in ids]):
            for index, row in zip(batch, self._run([ids[i] for i in batch]), strict=True):
                held = found[owners[index]]
                found[owners[index]] = row if held is None else np.maximum(held, row)
            done += len(batch)
            if progress is not None:
                progress(done, len(ids))
        return np.stack([row for row in found if row is not None]) if texts else np.zeros((0, 0), np.float32)

    def _run(self, ids: list[list[int]]) -> Logits:
        longest = max(len(window) for window in ids)
        input_ids = np.zeros((len(ids), longest), np.int64)
        mask = np.zeros((len(ids), longest), np.int64)
        for row, window in enumerate(ids):
            input_ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        result = self._request.infer({"input_ids": input_ids, "attention_mask": mask})
        return np.array(result[self._compiled.output(0)], dtype=np.float32)
