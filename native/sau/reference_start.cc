#include "sau/reference_start.h"

#include "sau/projection.h"

namespace sau {
namespace {

/// Derivatives of each logit [N,K] by x [N,C,H,W]: [N,K,C*H*W].
torch::Tensor jacobian_of(const torch::Tensor& logits, const torch::Tensor& x) {
  std::vector<torch::Tensor> rows;
  for (int64_t k = 0; k < logits.size(1); ++k) {
    const auto one = torch::zeros_like(logits);
    one.select(1, k).fill_(1);
    rows.push_back(
        torch::autograd::grad({logits}, {x}, {one}, /*retain_graph=*/true)[0].flatten(1));
  }
  return torch::stack(rows, 1);
}

int64_t class_count(const FrozenPixelClassifier& model, const ImageSet& images) {
  const torch::NoGradGuard no_grad;
  return model.logits(images.pixels(0, 1)).size(1);
}

}  // namespace

ReferenceStart ReferenceStart::select(const torch::Tensor& positions) const {
  if (!known()) return {};
  return {logits.index_select(0, positions), jacobian.index_select(0, positions)};
}

ReferenceStart ReferenceStart::slice(int64_t begin, int64_t end) const {
  if (!known()) return {};
  return {logits.slice(0, begin, end), jacobian.slice(0, begin, end)};
}

torch::Tensor ReferenceStart::pixel_gradient(const torch::Tensor& logit_gradient,
                                             at::IntArrayRef shape) const {
  return torch::bmm(logit_gradient.unsqueeze(1), jacobian).view(shape);
}

ReferenceStart make_reference_start(const FrozenPixelClassifier& reference, const ImageSet& images,
                                    const PgdOptions& options, int64_t rounds, int64_t chunk,
                                    int64_t cache_bytes, const RunControl& control) {
  if (options.init == DeltaInit::kRandom) return {};
  const int64_t num_classes = class_count(reference, images);
  const auto bytes = images.images.numel() * num_classes * static_cast<int64_t>(sizeof(float));
  if (rounds <= num_classes || bytes > cache_bytes) return {};
  const int64_t count = images.size();
  const auto floats = torch::TensorOptions(images.device()).dtype(torch::kFloat32);
  ReferenceStart whole{torch::empty({count, num_classes}, floats),
                       torch::empty({count, num_classes, images.images[0].numel()}, floats)};
  torch::Generator unused;
  for (int64_t begin = 0; begin < count; begin += chunk) {
    control.throw_if_cancelled();
    const int64_t end = std::min(begin + chunk, count);
    const auto pixels = images.pixels(begin, end);
    const auto delta =
        project(initial_delta(pixels, options.init, options.ball.bound, unused), options.ball);
    const auto x = (pixels + delta).requires_grad_();
    const auto logits = reference.logits(x);
    whole.logits.slice(0, begin, end).copy_(logits.detach());
    whole.jacobian.slice(0, begin, end).copy_(jacobian_of(logits, x));
  }
  return whole;
}

}  // namespace sau
