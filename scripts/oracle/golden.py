"""Losses on written-down logits: the golden example of specification B5 and a hand-made pair."""

import math
from typing import Any

import torch

from losses import inner_losses, shared_risk

BETA1, BETA2 = 0.01, 1.0


def golden_losses() -> dict[str, Any]:
    """{"inner_loss": {case: ...}, "outer_loss": {case: ...}}, computed in double precision."""
    cases = {
        "golden": {
            "labels": [0, 1, 2, 0],
            "trainee_clean": [0, 1, 2, 0],
            "reference_clean": [0, 1, 2, 2],
            "trainee_logits": [[2, 1, 0], [0.5, 0.2, 1.5], [0, 3, 1], [1, 0, 2.5]],
            "reference_logits": [[1, 2, 0], [0, 2, 1], [0.5, 2.5, 0], [0, 0.5, 3]],
        },
        # Softmax is (3/4, 1/4) or (1/4, 3/4). Inner: sample 0 fools only the reference, sample 1
        # is shared and drops out. Outer: both are suspects of class 1.
        "two_samples": {
            "labels": [0, 0],
            "trainee_clean": [0, 0],
            "reference_clean": [0, 0],
            "trainee_logits": [[math.log(3), 0], [0, math.log(3)]],
            "reference_logits": [[0, math.log(3)], [0, math.log(3)]],
        },
    }
    result = {
        "inner_loss": {name: {**case, **_inner(case)} for name, case in cases.items()},
        "outer_loss": {name: {**case, **_outer(case)} for name, case in cases.items()},
    }
    _verify(result)
    return result


def _inner(case: dict[str, Any]) -> dict[str, Any]:
    zf, zg = _double(case["trainee_logits"]), _double(case["reference_logits"])
    labels = torch.tensor(case["labels"])
    losses = inner_losses(
        zf,
        zg,
        labels,
        torch.tensor(case["trainee_clean"]),
        torch.tensor(case["reference_clean"]),
        BETA1,
        BETA2,
    )
    entropy = torch.nn.functional.cross_entropy
    return {
        "beta1": BETA1,
        "beta2": BETA2,
        "trainee_cross_entropy": entropy(zf, labels, reduction="none").tolist(),
        "reference_cross_entropy": entropy(zg, labels, reduction="none").tolist(),
        "trainee_success": losses.success_f.tolist(),
        "reference_success": losses.success_g.tolist(),
        "shared": losses.shared_mask.tolist(),
        "divergence": losses.divergence.tolist(),
        "adversarial_loss": losses.adversarial.item(),
        "shared_loss": losses.shared.item(),
        "loss": losses.total.item(),
    }


def _outer(case: dict[str, Any]) -> dict[str, Any]:
    """The reference's perturbed predictions are the argmax of its perturbed logits."""
    fooled = _double(case["reference_logits"]).argmax(1)
    zp = _double(case["trainee_logits"])
    loss, suspects = shared_risk(
        zp, torch.tensor(case["labels"]), fooled, torch.tensor(case["reference_clean"])
    )
    return {
        "reference_perturbed": fooled.tolist(),
        "trainee_probability": zp.softmax(1).tolist(),
        "suspects": suspects.tolist(),
        "loss": loss.item(),
    }


def _verify(result: dict[str, Any]) -> None:
    """Against the figures of B5, and against the pair worked out by hand."""
    inner, outer = result["inner_loss"], result["outer_loss"]
    golden = inner["golden"]
    _close(golden["divergence"], [0.1009557, 0.1352600, 0.0112155, 0.0222888], 5e-8)
    _close([golden["adversarial_loss"], golden["shared_loss"]], [-0.4923856, 0.0646261], 5e-8)
    _close([golden["loss"], outer["golden"]["loss"]], [0.0597023, 0.5343136], 5e-8)
    assert golden["trainee_success"] == [False, True, True, True]
    assert golden["reference_success"] == [True, False, True, False]
    assert golden["shared"] == [False, False, True, False]
    assert outer["golden"]["suspects"] == [True, False, True, False]

    pair = inner["two_samples"]
    divergence = 0.75 * math.log(0.75) + 0.25 * math.log(0.25) + math.log(2)
    _close(pair["divergence"], [divergence, 0], 1e-12)
    _close([pair["adversarial_loss"]], [math.log(0.75) / 4], 1e-12)
    _close([pair["shared_loss"]], [divergence / 2], 1e-12)
    by_hand = -(math.log(0.75 + 1e-6) + math.log(0.25 + 1e-6)) / 2
    _close([outer["two_samples"]["loss"]], [by_hand], 1e-12)


def _double(rows: list[list[float]]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _close(actual: list[float], expected: list[float], tolerance: float) -> None:
    for a, e in zip(actual, expected, strict=True):
        assert abs(a - e) <= tolerance, (a, e)
