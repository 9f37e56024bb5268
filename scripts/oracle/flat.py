"""State dicts as flat vectors, and gradients in state-dict order."""

import torch
from torch import Tensor, nn


def parameters_of(model: nn.Module) -> Tensor:
    """All parameters in state-dict order, one after another: float [P]."""
    return torch.cat([p.detach().flatten() for _, p in model.named_parameters()])


def statistics_of(model: nn.Module) -> Tensor:
    """All running means and variances in state-dict order: float [S]."""
    return torch.cat([b.flatten() for _, b in model.named_buffers() if b.is_floating_point()])


def gradient_of(model: nn.Module) -> Tensor:
    """The accumulated `.grad` of all parameters in state-dict order: float [P]."""
    return torch.cat([p.grad.flatten() for _, p in model.named_parameters()])


def layout_of(model: nn.Module) -> dict[str, list[dict[str, object]]]:
    """Names and shapes behind the flat vectors, in their order."""
    return {
        "parameters": [{"name": n, "shape": list(p.shape)} for n, p in model.named_parameters()],
        "statistics": [
            {"name": n, "shape": list(b.shape)}
            for n, b in model.named_buffers()
            if b.is_floating_point()
        ],
    }
