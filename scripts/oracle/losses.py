"""SAU's losses as functions of logits (specification B1.6, B1.7).

Masks select rows, as in the official tool. On a GPU each selection synchronizes with the host.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class InnerLosses:
    """Scalars of B1.6 and the masks behind them (bool [N]); divergence is JS, float [N]."""

    adversarial: Tensor
    shared: Tensor
    total: Tensor
    success_f: Tensor
    success_g: Tensor
    shared_mask: Tensor
    divergence: Tensor


def js_divergence(zf: Tensor, zg: Tensor) -> Tensor:
    """Per-sample Jensen-Shannon divergence of clamped, not renormalized softmax: [N,K] -> [N]."""
    p = zf.softmax(1).clamp(min=1e-8)
    q = zg.softmax(1).clamp(min=1e-8)
    m = (p + q) / 2
    return ((p * p.log() + q * q.log()) / 2 - (p + q) * m.log() / 2).sum(1)


def inner_losses(
    zf: Tensor,
    zg: Tensor,
    y: Tensor,
    clean_f: Tensor,
    clean_g: Tensor,
    beta1: float,
    beta2: float,
) -> InnerLosses:
    """J of B1.6 from perturbed logits [N,K] and each model's clean prediction [N]."""
    prediction_f, prediction_g = zf.argmax(1), zg.argmax(1)
    success_f, success_g = prediction_f != clean_f, prediction_g != clean_g
    shared_mask = success_f & success_g & (prediction_f == prediction_g)
    left_f = functional.cross_entropy(zf[~success_f], y[~success_f], reduction="sum")
    left_g = functional.cross_entropy(zg[~success_g], y[~success_g], reduction="sum")
    divergence = js_divergence(zf, zg)
    adversarial = -(left_f + left_g) / (2 * len(y))
    shared = divergence[~shared_mask].sum() / len(y)
    total = beta1 * adversarial + beta2 * shared
    return InnerLosses(
        adversarial, shared, total, success_f, success_g, shared_mask, divergence.detach()
    )


def shared_risk(zp: Tensor, y: Tensor, fooled_g: Tensor, clean_g: Tensor) -> tuple[Tensor, Tensor]:
    """L_sar and the suspects (bool [N]) of B1.7.

    zp: logits of f at the perturbed images [N,K]; fooled_g, clean_g: predictions of g [N] at the
    perturbed and at the clean images.
    """
    suspects = (fooled_g != y) & (fooled_g != clean_g)
    if suspects.sum().item() == 0:
        return zp.new_zeros(()), suspects
    probability = zp[suspects].softmax(1)
    wrong = functional.one_hot(fooled_g[suspects], zp.shape[1]).bool()
    positive = probability[wrong]
    negative = probability.masked_fill(wrong, 0).sum(1)
    left = -(1e-6 + negative.clamp(max=0.999)).log().sum()
    right = -(1 + 1e-6 - positive.clamp(min=0.001)).log().sum()
    return (left + right) / 2 / len(y), suspects
