#pragma once
#include <memory>
#include <vector>

#include "sau/defenses/distillation.h"
#include "sau/defenses/hypergradient.h"
#include "sau/defenses/polarizing.h"
#include "sau/defenses/sam.h"
#include "sau/defenses/trigger_inversion.h"
#include "sau/optimizer.h"
#include "sau/run_control.h"
#include "sau/state_dict.h"

namespace sau {

/// A network with its weights at a batch of normalized images, for checks of single steps.
struct StepSubject {
  std::shared_ptr<GraphModule> module;
  LabelledInput batch;
  OptimizerOptions optimizer;
};

/// A step of the optimizer on a subject.
struct SingleStep {
  Figures figures;
  std::vector<NamedTensor> gradient;  ///< that the optimizer has gone by, on the host
  std::vector<NamedTensor> weights;   ///< the module's own
};

/// Figures: loss, perturbedLoss, norm. See sam_step().
SingleStep single_sam_step(const StepSubject& subject, const SamOptions& options);

/// Figures: loss, and the distance at each site as distance1, distance2. teacher: its weights. See
/// Distiller.
SingleStep single_distillation_step(const StepSubject& subject,
                                    const std::vector<NamedTensor>& teacher, double beta1,
                                    double beta2, double power);

/// Some steps of a search for a trigger with one batch of pixels.
struct InversionSteps {
  std::vector<double> cross_entropies, norms;  ///< of each step
  torch::Tensor mask, pattern;                 ///< after them
};
struct InversionConstants {
  std::vector<double> mean, std;
  double cost;
  int64_t target, steps, chunk;
};
InversionSteps inversion_steps(const StepSubject& subject, const InversionConstants& constants,
                               const InversionOptions& options);

/// The costs after epochs of such successes and norms, and whether the mask of each is kept; ends
/// where the search does.
struct CostSteps {
  std::vector<double> costs, kept;
};
CostSteps cost_steps(const std::vector<double>& successes, const std::vector<double>& norms,
                     const InversionOptions& options);

/// See inner_objective().
InnerObjective objective_of(const StepSubject& subject, const torch::Tensor& w, double norm_weight,
                            int64_t chunk);

/// Figures: outerLoss and, after each step towards the solution, norm1, norm2 and so on. patched:
/// int64 [N] of 0 and 1. The batch is the outer and the inner one. See accumulate_hypergradient().
SingleStep single_hypergradient_step(const StepSubject& subject, const torch::Tensor& patched,
                                     const torch::Tensor& w, const HypergradientOptions& options,
                                     const SecondOrderCost& cost);

/// What a polarizer learns from a batch of pixels, and its gradient.
struct PolarizingStep {
  PolarizingOutcome outcome;
  torch::Tensor perturbed;            ///< pixels [N,3,H,W]
  std::vector<NamedTensor> gradient;  ///< of all parameters; 0 of those that are frozen
};
/// The network of the subject has a polarizer. chunk: images of a pass.
PolarizingStep polarizing_step(const StepSubject& subject, const PolarizingOptions& options,
                               int64_t chunk);

}  // namespace sau
