#pragma once
#include <vector>

#include "sau/defenses/defense.h"
#include "sau/optimizer.h"
#include "sau/repeated_work.h"
#include "sau/unlearner.h"

namespace sau {

struct SauOptions {
  int64_t batch_size;
  int64_t outer_steps;  ///< optimizer steps per perturbation
  PgdOptions pgd;
  SauLossOptions loss;
  OptimizerOptions optimizer;
  std::vector<int64_t> batch_order;  ///< [rounds * n] positions in the clean subset; empty: shuffle
};

template <class V>
void fields(V& v, SauOptions& o) {
  v("batchSize", o.batch_size);
  v("outerSteps", o.outer_steps);
  v("pgd", o.pgd);
  v("loss", o.loss);
  v("optimizer", o.optimizer);
  v("batchOrder", o.batch_order);
}

/// Shared Adversarial Unlearning (specification B1). A round goes over the clean subset once.
/// Figures: loss, cleanLoss, sharedLoss (means over the steps), suspectShare.
class SauDefense final : public RoundsDefense {
 public:
  static constexpr const char* kName = "sau";
  using Options = SauOptions;

  SauDefense(Workspace& workspace, SauOptions options, const RunControl& control);
  void prepare(int64_t rounds) override;
  Figures run_round(const Round& round) override;
  void visit(StateArchive& archive) override;

 private:
  /// Sums over the steps of a round, kept on the device at fixed addresses and read once.
  struct RoundSums {
    torch::Tensor losses;    ///< [3]: total, clean, shared
    torch::Tensor suspects;  ///< int64
    torch::Tensor broken;    ///< int64, see Perturbation

    explicit RoundSums(const torch::Device& device);
    void reset();
    void add(const OuterLosses& outer);
  };
  /// Positions of a batch, and the drawn start of its search where it is random.
  using StepInputs = std::vector<torch::Tensor>;

  /// All the work on a batch: perturbation, outer steps, and the attack's view of the new weights.
  void step(const StepInputs& inputs);
  torch::Tensor order_of(int64_t round) const;
  Figures figures() const;

  SauOptions options_;
  const RunControl& control_;
  Unlearner unlearner_;
  const ImageSet& clean_subset_;
  torch::Generator& generator_;
  Optimizer optimizer_;
  RoundSums sums_;
  torch::Tensor replayed_;  ///< the batch order, int64 [rounds * n]; undefined: shuffled
  bool recorded_;
  RepeatedWork repeated_step_;
};

}  // namespace sau
