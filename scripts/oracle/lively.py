"""Networks that say different things of different images, without training."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from data import Normalization
from formula import gain_of, state_dict

SHIFT = 51  # gray levels: the bound of the perturbation
BATCH = 16


def draw_images(count: int, side: int, classes: int = 10) -> Tensor:
    """uint8 [count, 3, side, side]: soft patterns, one a class in turn, with noise."""
    patterns = functional.interpolate(torch.rand(classes, 3, 4, 4), side, mode="bilinear")
    chosen = patterns[torch.arange(count) % classes]
    pixels = 0.6 * chosen + 0.2 + 0.15 * torch.randn(count, 3, side, side)
    return (pixels.clamp(0, 1) * 255).to(torch.uint8)


def enliven(
    model: nn.Module, name: str, images: Tensor, *, spread: float, own_statistics: bool
) -> Tensor:
    """Fills a network by the formula and fits it to uint8 images, as they are and much lighter and
    darker: the head makes each class's logit of mean 0 and the given spread over them. So some
    perturbations fool it and others do not, as with a network that has learned.

    own_statistics: batch norms get those of the images. A deep network then amplifies rounding as
    no trained one does. Returns the predictions at the images: int64 [N].
    """
    model.load_state_dict(state_dict(model, gain_of(name)))
    shifted = [(images.int() + shift).clamp(0, 255).to(torch.uint8) for shift in (-SHIFT, 0, SHIFT)]
    seen = torch.stack(shifted, dim=1).flatten(0, 1)  # the three of an image in one batch
    if own_statistics:
        _measure_statistics(model, seen)
    _spread_predictions(model, _logits(model, seen), spread)
    return predictions(model, images)


def predictions(model: nn.Module, images: Tensor) -> Tensor:
    """Of uint8 images: int64 [N]."""
    return _logits(model, images).argmax(1)


@torch.no_grad()
def _logits(model: nn.Module, images: Tensor) -> Tensor:
    normalization = Normalization()
    return torch.cat([model(normalization.from_uint8(part)) for part in images.split(BATCH)])


def _measure_statistics(model: nn.Module, images: Tensor) -> None:
    """Fills the running statistics of batch norm with the means over the images' batches."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean
        norm.train()
    _logits(model, images)
    for norm, momentum in zip(norms, momenta):
        norm.momentum = momentum
        norm.eval()


@torch.no_grad()
def _spread_predictions(model: nn.Module, logits: Tensor, spread: float) -> None:
    """Changes the head, the last two tensors."""
    *_, weight, bias = model.state_dict().values()
    scale = spread / logits.std(0)
    weight.mul_(scale.unsqueeze(1))
    bias.sub_(logits.mean(0)).mul_(scale)
