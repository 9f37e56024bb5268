"""Resident memory of this process (Linux). Not getrusage: its peak survives exec and counts the
parent, and it cannot be reset."""

import re
from pathlib import Path


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def resident_mib() -> float:
    return _status("VmRSS")


def peak_mib() -> float:
    return _status("VmHWM")


def _status(field: str) -> float:
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", text).group(1)) / 1024
