"""Weights and images by formula, so that no weights need to be stored.

Number i of tensor t is a hash of both, all in uint32 arithmetic that wraps. test/support/formula.ts
computes the same numbers, bit for bit.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

IMAGES = 65535  # the position of the images among the tensors

# By how much the weights of a family are enlarged, so that its logits are of order 1.
GAINS = {
    "vgg": 6.0,
    "vgg_bn": 5.0,
    "densenet": 4.5,
    "mobilenet": 5.0,
    "efficientnet": 6.3,
    "other": 3.0,
}


def uniform(position: int, count: int) -> np.ndarray:
    """The first numbers of the tensor at a position: float64 [count] in [0, 1)."""
    x = np.arange(count, dtype=np.uint32)
    x *= np.uint32(0x9E3779B1)
    x += np.uint32(position * 0x85EBCA77 & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    x >>= np.uint32(8)
    return x / 2**24


def gain_of(model: str) -> float:
    """The gain of a network by its name, whatever its width."""
    if model.startswith("vgg"):
        return GAINS["vgg_bn" if "_bn" in model else "vgg"]
    families = (family for family in GAINS if model.startswith(family))
    return GAINS[next(families, "other")]


def weight(key: str, shape: tuple[int, ...], position: int, gain: float) -> Tensor:
    """The tensor at a position of a state dict: float32, an int64 zero for a counter."""
    name = key.rsplit(".", 1)[-1]
    if name == "num_batches_tracked":
        return torch.zeros((), dtype=torch.int64)
    u = uniform(position, math.prod(shape))
    is_scale = name in ("running_var", "layer_scale") or (len(shape) == 1 and name == "weight")
    if is_scale:
        values = 0.5 + u
    elif len(shape) == 1 or name in ("class_token", "pos_embedding"):
        values = 0.2 * u - 0.1
    else:
        values = (2 * u - 1) * math.sqrt(gain / math.prod(shape[1:]))
    return torch.from_numpy(values.astype(np.float32)).view(shape)


def state_dict(model: nn.Module, gain: float, first: int = 0) -> dict[str, Tensor]:
    """Weights for all of a network's state dict; another `first` position gives other weights."""
    state = model.state_dict()  # with the marks of versions that some networks ask for
    for i, (key, tensor) in enumerate(list(state.items())):
        state[key] = weight(key, tuple(tensor.shape), first + i, gain)
    return state


def images(count: int, side: int) -> Tensor:
    """Normalized images float32 [count, 3, side, side] in [-1, 1)."""
    values = 2 * uniform(IMAGES, count * 3 * side * side) - 1
    return torch.from_numpy(values.astype(np.float32)).view(count, 3, side, side)
