#pragma once
#include <optional>
#include <vector>

#include "sau/defenses/defense.h"
#include "sau/defenses/distillation.h"
#include "sau/defenses/selection.h"
#include "sau/train_epoch.h"
#include "sau/workspace.h"

namespace sau {

struct NadOptions : EpochOptions {  ///< of the teacher; the student's learning rate is constant
  Compat compat;
  int64_t teacher_rounds;
  double beta1, beta2;  ///< weights of the attention of the last stage but one, and of the last
  double power;         ///< of the attention
};

template <class V>
void fields(V& v, NadOptions& o) {
  fields(v, static_cast<EpochOptions&>(o));
  v("compat", o.compat);
  v("teacherRounds", o.teacher_rounds);
  v("beta1", o.beta1);
  v("beta2", o.beta2);
  v("power", o.power);
}

/// Neural attention distillation (defenses E3): a teacher is fine-tuned, then the trainee learns
/// anew from the weights that it had, with the teacher's attention as its target. A round is an
/// epoch of the trainee. Figures: loss, attentionLoss (means over the batches), trainAcc. Table:
/// teacher.
class NadDefense final : public Defense {
 public:
  static constexpr const char* kName = "nad";
  using Options = NadOptions;

  /// Throws ERR_CONFIG for a network without maps of more than one pixel.
  NadDefense(Workspace& workspace, const NadOptions& options, const RunControl& control);
  void run(const DefenseRun& run) override;
  void visit(StateArchive& archive) override;

 private:
  /// Running statistics before a pass.
  using Statistics = std::vector<torch::Tensor>;

  void train_teacher(const DefenseRun& run);
  StepOutcome step(const TrainingBatch& batch);
  Statistics statistics() const;
  void repeat_statistics(const Statistics& before) const;

  Workspace& workspace_;
  NadOptions options_;
  const PixelClassifier& model_;
  const ImageSet& clean_subset_;
  AttentionSites sites_;
  Schedule teacher_schedule_, schedule_;
  std::shared_ptr<GraphModule> teacher_;
  std::optional<Distiller> distiller_;
  std::optional<Optimizer> teacher_optimizer_;  ///< while the teacher is trained
  std::optional<Optimizer> optimizer_;
  torch::Tensor attention_losses_;  ///< their sum over the batches of a round
};

}  // namespace sau
