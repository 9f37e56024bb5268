#include "sau/predict.h"

namespace sau {

torch::Tensor predict(const FrozenPixelClassifier& model, const torch::Tensor& pixels) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> predictions;
  for (const auto& chunk : pixels.split(model.images_per_pass(pixels))) {
    predictions.push_back(model.logits(chunk).argmax(1));
  }
  return torch::cat(predictions);
}

torch::Tensor predict(const FrozenPixelClassifier& model, const ImageSet& set,
                      const RunControl& control) {
  auto predictions = torch::empty_like(set.labels);
  for_each_logits(model, set, control,
                  [&](int64_t begin, int64_t end, const torch::Tensor& logits) {
                    predictions.slice(0, begin, end).copy_(logits.argmax(1));
                  });
  return predictions;
}

void for_each_logits(const FrozenPixelClassifier& model, const ImageSet& set,
                     const RunControl& control,
                     const std::function<void(int64_t, int64_t, const torch::Tensor&)>& visit) {
  const torch::NoGradGuard no_grad;
  const int64_t step = model.images_per_pass(set.select(0, 1));
  for (int64_t begin = 0; begin < set.size(); begin += step) {
    control.throw_if_cancelled();
    const int64_t end = std::min(begin + step, set.size());
    set.will_need(end, end + step);
    visit(begin, end, model.logits(set.pixels(begin, end)));
  }
}

}  // namespace sau
