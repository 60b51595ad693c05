"""Who is at a shard: a process, told apart from a later one that has its number, so that the leases of a dead one need not run out."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path


def this_owner() -> str:
    """Return a name for this process: its machine, number and start, and a word by chance."""
    return " ".join((socket.gethostname(), str(os.getpid()), _started(os.getpid()), secrets.token_hex(4)))


def is_dead(owner: str) -> bool:
    """Tell whether a process of this machine has ended; of other machines' nothing is known, and their leases run out."""
    host, _, rest = owner.partition(" ")
    parts = rest.split(" ")
    if host != socket.gethostname() or len(parts) != 3 or not parts[0].isdigit():
        return False
    return _started(int(parts[0])) != parts[1]


def _started(pid: int) -> str:
    """Return when a process started, in ticks since the machine did, with the machine's own start; "-" where there is none."""
    try:
        # The name of the program stands in brackets, and may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return "-"
    # A zombie has ended.
    return "-" if fields[0] == "Z" else f"{boot}/{fields[19]}"
