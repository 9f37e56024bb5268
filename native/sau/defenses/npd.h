#pragma once
#include <optional>
#include <vector>

#include "sau/defenses/defense.h"
#include "sau/defenses/polarizing.h"
#include "sau/optimizer.h"
#include "sau/workspace.h"

namespace sau {

struct NpdOptions {
  int64_t batch_size;
  OptimizerOptions optimizer;
  int64_t warmup_rounds;
  double warmup_rate;
  PolarizingOptions polarizing;
};

template <class V>
void fields(V& v, NpdOptions& o) {
  v("batchSize", o.batch_size);
  v("optimizer", o.optimizer);
  v("warmupRounds", o.warmup_rounds);
  v("warmupRate", o.warmup_rate);
  v("polarizing", o.polarizing);
}

/// Neural polarizer (defenses E12): gives the trainee a polarizer, the only thing that learns. The
/// warm-up is a part, with the table "warmup". Figures: loss, perturbedLoss (means over the
/// batches), trainAcc.
class NpdDefense final : public Defense {
 public:
  static constexpr const char* kName = "npd";
  using Options = NpdOptions;

  NpdDefense(Workspace& workspace, const NpdOptions& options, const RunControl& control);
  void run(const DefenseRun& run) override;
  void visit(StateArchive& archive) override;

 private:
  Figures warm_up(const Round& round, const RunControl& control);
  Figures polarize(const Round& round, const RunControl& control);
  /// Calls learn(batch) for the batches of an epoch.
  void for_each_batch(const Round& round, const RunControl& control,
                      const std::function<void(const PixelBatch& batch)>& learn);
  int64_t batches() const;
  void require_whole_batches() const;

  Workspace& workspace_;
  NpdOptions options_;
  const ImageSet& clean_subset_;
  PolarizedTrainee trainee_;
  std::optional<Optimizer> warming_, optimizer_;  ///< each while its part goes on
};

}  // namespace sau
