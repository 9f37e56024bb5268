"""Makes a network with weights by a formula and drawn images: `make_model_world.py REQUEST`, a JSON
object with model, size, clean and test (numbers of images), threads, reference and images (files).

Labels are the network's own predictions. Its batch norms have the statistics of the images, and its
head is set so that predictions are diverse: the logits of each class have mean 0 and spread 2. So
some perturbations fool it and others do not, as with a network that has learned.
"""

import json
import sys

from baseline_model import make_network  # first: it finds the oracle
import torch
from torch import Tensor, nn
from torch.nn import functional

from data import Normalization
from formula import gain_of, state_dict

NUM_CLASSES = 10
SPREAD = 2.0
MARK = 3  # side of the trigger
BATCH = 16


def main() -> None:
    request = json.loads(sys.argv[1])
    torch.set_num_threads(request["threads"])
    torch.manual_seed(0)
    name, count, clean = request["model"], request["clean"] + request["test"], request["clean"]
    model = make_network(name, NUM_CLASSES)
    model.load_state_dict(state_dict(model, gain_of(name)))
    images = draw(count, request["size"])
    measure_statistics(model, images)
    spread_predictions(model, logits_of(model, images))
    labels = logits_of(model, images).argmax(1)
    weights = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    checkpoint = {"model_name": name, "num_classes": NUM_CLASSES, "model": weights}
    torch.save(checkpoint, request["reference"])

    test, truth = images[clean:], labels[clean:]
    target = int(labels.mode().values)
    victims = truth != target
    poisoned = test[victims].clone()
    poisoned[:, :, -MARK:, -MARK:] = 255
    sets = {
        "cleanSubset": (images[:clean], labels[:clean], labels[:clean]),
        "cleanTest": (test, truth, truth),
        "poisonedTest": (poisoned, torch.full_like(truth[victims], target), truth[victims]),
    }
    torch.save(
        {
            f"{name}.{kind}": tensor.clone()
            for name, tensors in sets.items()
            for kind, tensor in zip(("images", "labels", "trueLabels"), tensors)
        },
        request["images"],
    )


def draw(count: int, side: int) -> Tensor:
    """uint8 [count, 3, side, side]: one of ten soft patterns with noise."""
    patterns = functional.interpolate(torch.rand(NUM_CLASSES, 3, 4, 4), side, mode="bilinear")
    chosen = patterns[torch.arange(count) % NUM_CLASSES]
    pixels = 0.6 * chosen + 0.2 + 0.15 * torch.randn(count, 3, side, side)
    return (pixels.clamp(0, 1) * 255).to(torch.uint8)


@torch.no_grad()
def logits_of(model: nn.Module, images: Tensor) -> Tensor:
    normalization = Normalization()
    return torch.cat([model(normalization.from_uint8(part)) for part in images.split(BATCH)])


@torch.no_grad()
def measure_statistics(model: nn.Module, images: Tensor) -> None:
    """Fills the running statistics of batch norm with the means over the images' batches."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean
        norm.train()
    logits_of(model, images)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
        norm.eval()


@torch.no_grad()
def spread_predictions(model: nn.Module, logits: Tensor) -> None:
    """Changes the head, the last two tensors, so that each class's logit has mean 0, spread 2."""
    *_, weight, bias = model.state_dict().values()
    scale = SPREAD / logits.std(0)
    weight.mul_(scale.unsqueeze(1))
    bias.sub_(logits.mean(0)).mul_(scale)


if __name__ == "__main__":
    main()
