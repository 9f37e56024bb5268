#include "sau/metrics.h"

#include <string>

#include "sau/error.h"
#include "sau/predict.h"

namespace sau {
namespace {

/// Accuracy and cross entropy of one set against one choice of labels, gathered on the device.
class Score {
 public:
  explicit Score(const torch::Tensor& labels)
      : labels_(labels),
        losses_(torch::empty(labels.sizes(), labels.options().dtype(torch::kFloat32))) {
    correct_ = torch::zeros({}, labels.options());
  }

  void add(int64_t begin, int64_t end, const torch::Tensor& logits) {
    namespace F = torch::nn::functional;
    const auto labels = labels_.slice(0, begin, end);
    correct_ += logits.argmax(1).eq(labels).sum();
    losses_.slice(0, begin, end)
        .copy_(
            F::cross_entropy(logits, labels, F::CrossEntropyFuncOptions().reduction(torch::kNone)));
  }

  /// Throws ERR_DIVERGED where a logit is NaN, or so large that no loss can be told.
  void require_finite(const char* of) const {
    const auto broken = losses_.isfinite().logical_not().sum().item<int64_t>();
    if (broken == 0) return;
    throw Error(
        "ERR_DIVERGED",
        std::string("Expected finite logits for the ") + of + " but those of " +
            std::to_string(broken) + " of " + std::to_string(losses_.size(0)) +
            " images are not. The model's weights are damaged, or their training diverged.");
  }

  double fraction() const { return correct_.item<double>() / static_cast<double>(labels_.size(0)); }

  double mean_of_batch_means(int64_t batch_size) const {
    double sum = 0;
    const auto batches = losses_.to(torch::kCPU, torch::kFloat64).split(batch_size);
    for (const auto& batch : batches) sum += batch.mean().item<double>();
    return sum / static_cast<double>(batches.size());
  }

 private:
  torch::Tensor labels_;
  torch::Tensor losses_;
  torch::Tensor correct_;
};

}  // namespace

Metrics measure(const FrozenPixelClassifier& model, const ImageSet* clean_test,
                const ImageSet* poisoned_test, int64_t batch_size, const RunControl& control) {
  Metrics metrics;
  metrics.clean_count = clean_test == nullptr ? 0 : clean_test->size();
  metrics.poisoned_count = poisoned_test == nullptr ? 0 : poisoned_test->size();
  EvaluationDone progress{.images = 0, .of = metrics.clean_count + metrics.poisoned_count};
  const auto tell = [&](int64_t images) {
    progress.images += images;
    control.report(progress);
  };
  if (clean_test != nullptr) {
    Score clean(clean_test->labels);
    for_each_logits(model, *clean_test, control,
                    [&](int64_t begin, int64_t end, const torch::Tensor& logits) {
                      clean.add(begin, end, logits);
                      tell(end - begin);
                    });
    clean.require_finite("clean test images");
    metrics.acc = clean.fraction();
    metrics.clean_loss = clean.mean_of_batch_means(batch_size);
  }
  if (poisoned_test != nullptr) {
    Score attack(poisoned_test->labels);
    Score robust(poisoned_test->true_labels);
    for_each_logits(model, *poisoned_test, control,
                    [&](int64_t begin, int64_t end, const torch::Tensor& logits) {
                      attack.add(begin, end, logits);
                      robust.add(begin, end, logits);
                      tell(end - begin);
                    });
    attack.require_finite("poisoned test images");
    metrics.asr = attack.fraction();
    metrics.ra = robust.fraction();
    metrics.poisoned_loss = attack.mean_of_batch_means(batch_size);
    metrics.ra_loss = robust.mean_of_batch_means(batch_size);
  }
  return metrics;
}

}  // namespace sau
