"""The oracle's modules on the path, and its model at any width."""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent / "oracle"
sys.path.insert(0, str(ROOT))

from preact_resnet import PreActResNet18  # noqa: E402


def load_model(attack: dict[str, Any], device: str) -> PreActResNet18:
    """`attack`: what a record's attack_result.pt or a defense_result.pt holds; eval mode."""
    model = PreActResNet18(attack["num_classes"], len(attack["model"]["conv1.weight"]))
    model.load_state_dict(attack["model"])
    return model.to(device).eval()
