"""Steps of the baseline defenses of tuning.py on any network.

`defense_steps.py FOLDER` reads request.json there (model, classes, side, images, draw, and for each
method its options), and writes what both sides start from, reference.pt and images.pt, what the
oracle ends at, expected.pt with the parameters of each method one after another, in double and in
single precision, and its figures, expected.json. A method that changes the network, such as npd or
npd_train, has a start of its own. Every batch has all the images, so that their
order does not matter.
"""

import copy
import json
import sys
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from data import ImageSet, Normalization
from flat import parameters_of
from lively import draw_images, enliven
from networks import network
from polarizer import add_polarizer, npd
from tuning import ftsam, ibau, nad, nc

CALIBRATION = 40  # images
SPREAD = 0.5  # of logits


class TwiceDifferentiable(nn.Module):
    """Hard sigmoid, whose backward pass has no derivative in PyTorch."""

    def forward(self, x: Tensor) -> Tensor:
        return (x + 3).clamp(0, 6) / 6


def twice_differentiable(model: nn.Module) -> nn.Module:
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Hardsigmoid):
                setattr(module, name, TwiceDifferentiable())
    return model


METHODS = {"ftsam": ftsam, "ibau": ibau, "nad": nad, "nc": nc}


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    request = json.loads((folder / "request.json").read_text())
    torch.manual_seed(request["draw"])
    images = draw_images(CALIBRATION, request["side"], request["classes"])
    model = network(request["model"], request["classes"])
    labels = enliven(model, request["model"], images, spread=SPREAD, own_statistics=False)
    torch.save(model.state_dict(), folder / "reference.pt")
    kept = ImageSet(*(t[: request["images"]].clone() for t in (images, labels, labels)))
    torch.save({"images": kept.images, "labels": kept.labels}, folder / "images.pt")

    tensors, figures = {"start": parameters_of(model)}, {}
    for dtype, suffix in ((torch.float32, ".single"), (torch.float64, "")):
        x = Normalization(dtype=dtype).from_uint8(kept.images)
        for name, options in request["methods"].items():
            trained = twice_differentiable(copy.deepcopy(model)).to(dtype)
            if name.startswith("npd"):
                method = partial(npd, polarizer=add_polarizer(trained, options["place"]))
                tensors[f"{name}.start"] = parameters_of(trained).float()
            else:
                method = METHODS[name]
            with sdpa_kernel(SDPBackend.MATH):  # the others have no second derivative
                figures[name] = method(trained, batches=[(x, kept.labels)], options=options)
            tensors[name + suffix] = parameters_of(trained).float()
    torch.save(tensors, folder / "expected.pt")
    (folder / "expected.json").write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
