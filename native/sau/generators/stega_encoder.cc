#include "sau/generators/stega_encoder.h"

#include <string>

namespace sau {
namespace {

/// Side and channels of the planes that the bits are spread over, before they are enlarged.
constexpr int64_t kSecretSide = 16, kSecretPlanes = 3;
constexpr int64_t kImagePlanes = 3;

torch::nn::Conv2d conv3x3(int64_t in, int64_t out, int64_t stride = 1) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(stride).padding(1));
}

/// He's initialization, as in StegaStamp's own networks. LibTorch's default has a variance six
/// times smaller: the bits fade on their way through both networks, and a hundred bits are not
/// learned.
void initialize(torch::nn::Module& net) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : net.parameters()) {
    if (parameter.dim() > 1) {
      torch::nn::init::kaiming_normal_(parameter, /*a=*/0, torch::kFanIn, torch::kReLU);
    } else {
      parameter.zero_();
    }
  }
}

int64_t halved(int64_t size, int64_t times) {
  for (; times > 0; --times) size = (size + 1) / 2;
  return size;
}

}  // namespace

StegaEncoder::StegaEncoder(int64_t bits)
    : secret_dense_(bits, kSecretPlanes * kSecretSide * kSecretSide) {
  register_module("secret_dense", secret_dense_);
  const int64_t input = kSecretPlanes + kImagePlanes;
  const std::vector<int64_t> widths{32, 32, 64, 128, 256};  // of the levels, from the largest
  for (size_t i = 0; i < widths.size(); ++i) {
    const int64_t from = i == 0 ? input : widths[i - 1];
    down_.push_back(
        register_module("conv" + std::to_string(i + 1), conv3x3(from, widths[i], i == 0 ? 1 : 2)));
  }
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    const int64_t from = widths[widths.size() - 1 - i], to = widths[widths.size() - 2 - i];
    const auto level = std::to_string(widths.size() + 1 + i);
    up_.push_back(register_module(
        "up" + level, torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, /*kernel=*/2))));
    const bool is_largest = i + 2 == widths.size();
    merge_.push_back(
        register_module("conv" + level, conv3x3(2 * to + (is_largest ? input : 0), to)));
  }
  last_ = register_module("conv10", conv3x3(widths[0], widths[0]));
  out_ = register_module("residual", torch::nn::Conv2d(torch::nn::Conv2dOptions(
                                         widths[0], kImagePlanes, /*kernel=*/1)));
  initialize(*this);
}

torch::Tensor StegaEncoder::up(size_t level, const torch::Tensor& x) {
  const auto larger = torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
  return up_[level](torch::constant_pad_nd(larger, {0, 1, 0, 1})).relu();
}

torch::Tensor StegaEncoder::forward(const torch::Tensor& bits, const torch::Tensor& images) {
  const auto planes =
      secret_dense_(bits).relu().view({-1, kSecretPlanes, kSecretSide, kSecretSide});
  const auto secret = torch::upsample_nearest2d(planes, {images.size(2), images.size(3)});
  const auto input = torch::cat({secret, images}, 1);
  std::vector<torch::Tensor> levels;
  for (auto& conv : down_) levels.push_back(conv(levels.empty() ? input : levels.back()).relu());
  auto x = levels.back();
  for (size_t i = 0; i < up_.size(); ++i) {
    std::vector<torch::Tensor> merged{levels[levels.size() - 2 - i], up(i, x)};
    if (i + 1 == up_.size()) merged.push_back(input);
    x = merge_[i](torch::cat(merged, 1)).relu();
  }
  return out_(last_(x).relu()).sigmoid();
}

StegaDecoder::StegaDecoder(int64_t bits, int64_t height, int64_t width) {
  struct Layer {
    int64_t channels, stride;
  };
  int64_t channels = kImagePlanes;
  for (const auto& layer : {Layer{32, 2}, {32, 1}, {64, 2}, {64, 1}, {64, 2}, {128, 2}, {128, 2}}) {
    convolutions_.push_back(register_module("conv" + std::to_string(convolutions_.size() + 1),
                                            conv3x3(channels, layer.channels, layer.stride)));
    channels = layer.channels;
  }
  hidden_ = register_module(
      "dense1", torch::nn::Linear(channels * halved(height, 5) * halved(width, 5), 512));
  out_ = register_module("dense2", torch::nn::Linear(512, bits));
  initialize(*this);
}

torch::Tensor StegaDecoder::forward(const torch::Tensor& images) {
  auto x = images;
  for (auto& conv : convolutions_) x = conv(x).relu();
  return out_(hidden_(x.flatten(1)).relu());
}

}  // namespace sau
