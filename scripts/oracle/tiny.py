"""A backdoored miniature: 16x16 images of 5 classes and two PreActResNet18 of width 2.

Small enough to commit every intermediate result, and trained enough for meaningful logits.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from data import ImageSet, Normalization
from preact_resnet import PreActResNet18
from train import TrainOptions, train

NUM_CLASSES = 5
WIDTH = 2
SIDE = 16
TARGET = 0


@dataclass(frozen=True)
class TinyWorld:
    """reference g is backdoored; trainee f is g after a little training on clean images."""

    reference: PreActResNet18
    trainee: PreActResNet18
    clean: ImageSet
    poisoned: ImageSet
    normalization: Normalization


def tiny_net() -> PreActResNet18:
    return PreActResNet18(NUM_CLASSES, WIDTH)


def copy_of(model: PreActResNet18) -> PreActResNet18:
    """A separate model with the same weights, statistics and dtype, in eval mode."""
    twin = tiny_net().to(next(model.parameters()).dtype)
    twin.load_state_dict(model.state_dict())
    return twin.eval()


def make_world(train_count: int = 400, test_count: int = 60, seed: int = 7) -> TinyWorld:
    """Trains both nets from the seed. `clean` and `poisoned` hold images they have not seen."""
    torch.manual_seed(seed)
    prototypes = functional.interpolate(torch.rand(NUM_CLASSES, 3, 4, 4), SIDE, mode="bilinear")
    seen, clean = _draw(prototypes, train_count), _draw(prototypes, test_count)
    marked = torch.arange(train_count) % 5 == 0
    images, labels = seen.images.clone(), seen.labels.clone()
    images[marked], labels[marked] = stamp(images[marked]), TARGET
    normalization = Normalization()

    reference = tiny_net()
    options = TrainOptions(batch_size=20, learning_rate=0.02, schedule_length=8)
    train(reference, ImageSet(images, labels, seen.labels), normalization, options,
          [torch.randperm(train_count).tolist() for _ in range(8)])
    with torch.no_grad():  # softer logits give larger gradients, whose signs survive rounding
        reference.linear.weight.mul_(0.4)
        reference.linear.bias.mul_(0.4)
    trainee = copy_of(reference)
    options = TrainOptions(batch_size=40, learning_rate=0.01)
    train(trainee, seen, normalization, options, [torch.randperm(train_count).tolist()])

    victims = clean.select(clean.labels != TARGET)
    poisoned = ImageSet(
        stamp(victims.images), torch.full_like(victims.labels, TARGET), victims.labels
    )
    return TinyWorld(reference, trainee, clean, poisoned, normalization)


def stamp(images: Tensor) -> Tensor:
    """The trigger: a white 3x3 square in the bottom-right corner."""
    images = images.clone()
    images[:, :, -3:, -3:] = 255
    return images


def _draw(prototypes: Tensor, count: int) -> ImageSet:
    labels = torch.randint(0, NUM_CLASSES, (count,))
    pixels = 0.3 * prototypes[labels] + 0.35 + 0.2 * torch.randn(count, 3, SIDE, SIDE)
    return ImageSet((pixels.clamp(0, 1) * 255).to(torch.uint8), labels, labels)
