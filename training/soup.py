"""Train several members side by side, and average their weights: as good as asking each of them, at the price of one.

Wortsman et al. (2022), model soups. Members share their first weights and differ in the order and the mixing of passages alone. Each has a
process of its own: two on one thread each were measured a third faster than one after the other on two threads.
"""

from __future__ import annotations

import multiprocessing
import queue
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.queues import Queue
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from classifier.errors import TrainingError
from training.config import TrainingConfig
from training.data import LabelledPassage
from training.encoder import PassageNetwork, fine_tune

Report = Callable[[str], None]
_LOOK_SECONDS = 2.0


def fine_tune_members(
    passages: Sequence[LabelledPassage], labels: Sequence[str], config: TrainingConfig, report: Report
) -> PassageNetwork:
    """Return the network whose weights are the mean of `config.members` members; with one member, that one."""
    if config.members == 1:
        return fine_tune(passages, labels, config, report)
    with tempfile.TemporaryDirectory(prefix="prevention-members-") as name:
        files = [Path(name) / f"{member}.safetensors" for member in range(config.members)]
        _train_all(passages, labels, config, files, report)
        return _averaged(files, labels, config)


def _train_all(
    passages: Sequence[LabelledPassage],
    labels: Sequence[str],
    config: TrainingConfig,
    files: Sequence[Path],
    report: Report,
) -> None:
    """Train every member in a process of its own, and hand on what they report."""
    context = multiprocessing.get_context("spawn")
    told: Queue[str] = context.Queue()
    alone = config.model_copy(update={"threads": max(1, config.threads // config.members)})
    processes = [
        context.Process(target=_train_member, args=(passages, labels, alone, member, file, told), daemon=True)
        for member, file in enumerate(files)
    ]
    for process in processes:
        process.start()
    try:
        while any(process.is_alive() for process in processes):
            with suppress(queue.Empty):
                report(told.get(timeout=_LOOK_SECONDS))
            if failed := [process.exitcode for process in processes if process.exitcode]:
                raise TrainingError(
                    f"a member's process ended with status {failed[0]}; its error stands above, and memory may be short: set members = 1"
                )
    finally:
        for process in processes:
            process.terminate()
            process.join()
    if missing := [file.stem for file in files if not file.is_file()]:
        raise TrainingError(f"members {', '.join(missing)} left no weights; their errors stand above")


def _train_member(
    passages: Sequence[LabelledPassage],
    labels: Sequence[str],
    config: TrainingConfig,
    member: int,
    file: Path,
    told: Queue[str],
) -> None:
    network = fine_tune(passages, labels, config, lambda line: told.put(f"member {member + 1}: {line}"), member)
    scratch = file.with_suffix(".part")
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, scratch)
    scratch.replace(file)


def _averaged(files: Sequence[Path], labels: Sequence[str], config: TrainingConfig) -> PassageNetwork:
    network = PassageNetwork(config.encoder, len(labels), config.dropout)
    members = [load_file(file) for file in files]
    network.load_state_dict(
        {
            name: torch.stack([member[name].double() for member in members]).mean(0).to(tensor.dtype)
            for name, tensor in members[0].items()
        }
    )
    return network.eval()
