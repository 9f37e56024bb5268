"""The oracle's modules on the path, and its models.

As a program: `baseline_model.py fp32|tf32 ...` is scripts/oracle/run_record.py with the arguments that
follow, for a net of any width.
"""

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent / "oracle"
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from preact_resnet import PreActResNet18  # noqa: E402


def load_model(attack: dict[str, Any], device: str) -> nn.Module:
    """Builds a model in evaluation mode. `attack`: the contents of an attack_result.pt or
    defense_result.pt."""
    model = make_network(attack["model_name"], attack["num_classes"], attack["model"])
    model.load_state_dict(attack["model"])
    return model.to(device).eval()


def make_network(
    name: str, num_classes: int, weights: dict[str, Tensor] | None = None
) -> nn.Module:
    """A network by its name with random weights; a preactresnet18 as wide as the given ones."""
    if name.startswith("preactresnet18"):
        width = 64 if weights is None else len(weights["conv1.weight"])
        return PreActResNet18(num_classes, width)
    from networks import network  # needs torchvision

    return network(name, num_classes)


def set_precision(precision: str) -> None:
    """tf32: PyTorch's stock settings, whose convolutions may be TF32 on a GPU; fp32: none are."""
    torch.backends.cudnn.allow_tf32 = {"tf32": True, "fp32": False}[precision]


def main() -> None:
    import run_record

    set_precision(sys.argv.pop(1))
    run_record.load_model = load_model
    run_record.main()


if __name__ == "__main__":
    main()
