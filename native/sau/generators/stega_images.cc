#include "sau/generators/stega_images.h"

#include <string>
#include <vector>

#include "sau/device.h"
#include "sau/error.h"
#include "sau/generators/stega_encoder.h"
#include "sau/optimizer.h"

namespace sau {
namespace {

/// Images per pass of the encoding on an accelerator; the CPU's chunk is smaller.
constexpr int64_t kEncodingBatch = 256;

struct Stega {
  StegaEncoder encoder;
  StegaDecoder decoder;

  std::vector<torch::Tensor> parameters() const {
    auto all = encoder.parameters();
    for (const auto& parameter : decoder.parameters()) all.push_back(parameter);
    return all;
  }
};

/// Weight of the image loss: 0 until the bits can be read, and after a wait a linear rise. All of
/// it is computed on the device and never read back.
class ImageWeight {
 public:
  ImageWeight(const StegaOptions& options, const torch::Device& device)
      : options_(options),
        since_(torch::full({}, -1.0, torch::TensorOptions(device).dtype(torch::kFloat32))) {}
  torch::Tensor now() const {
    const auto risen = (since_ - options_.wait_steps) / static_cast<double>(options_.ramp_steps);
    return options_.image_weight * risen.clamp(0, 1);
  }
  void update(const torch::Tensor& bit_accuracy) {
    const auto begins = bit_accuracy.gt(options_.accuracy_goal).to(torch::kFloat32) - 1;
    since_ = torch::where(since_.ge(0), since_ + 1, begins);
  }

 private:
  StegaOptions options_;
  torch::Tensor since_;  ///< steps since the goal was reached; -1 before
};

torch::Tensor bit_accuracy(const torch::Tensor& logits, const torch::Tensor& bits) {
  return logits.gt(0).eq(bits.gt(0.5)).to(torch::kFloat32).mean();
}

/// Means of the loss per epoch, one element each, on the device.
std::vector<torch::Tensor> train_stega(Stega& stega, const ImageSet& set, int64_t bits,
                                       const StegaOptions& options, torch::Generator& generator,
                                       const RunControl& control) {
  const auto device = set.device();
  Optimizer optimizer(stega.parameters(), plain_adam(options.learning_rate, 0.9, 0.999));
  ImageWeight weight(options, device);
  const int64_t batches = (set.size() + options.batch_size - 1) / options.batch_size;
  std::vector<torch::Tensor> losses;
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const auto order = torch::randperm(set.size(), generator, torch::kInt64).to(device);
    auto sum = torch::zeros({}, device);
    for (int64_t batch = 0; batch < batches; ++batch) {
      control.throw_if_cancelled();
      const auto positions =
          order.slice(0, batch * options.batch_size, (batch + 1) * options.batch_size);
      const auto images = set.pixels(positions).contiguous();
      const auto secrets =
          torch::randint(2, {images.size(0), bits}, generator, torch::kFloat32).to(device);
      optimizer.zero_grad();
      const auto encoded = stega.encoder.forward(secrets, images);
      const auto logits = stega.decoder.forward(encoded);
      const auto loss = torch::binary_cross_entropy_with_logits(logits, secrets) +
                        weight.now() * torch::mse_loss(encoded, images);
      loss.backward();
      optimizer.step();
      weight.update(bit_accuracy(logits.detach(), secrets));
      sum += loss.detach();
      control.report(BatchDone{
          .round = epoch, .rounds = options.epochs, .batch = batch + 1, .batches = batches});
    }
    losses.push_back(sum / batches);
  }
  return losses;
}

struct Encoded {
  torch::Tensor images;  ///< uint8 [N,3,H,W] on the host
  double bit_accuracy, image_error;
};

Encoded encode(Stega& stega, const ImageSet& set, const torch::Tensor& secret,
               const RunControl& control) {
  const torch::NoGradGuard no_grad;
  const int64_t step = chunk_size(set.device(), std::min(kEncodingBatch, set.size()));
  auto images = torch::empty(set.images.sizes(), torch::kUInt8);
  auto accuracy = torch::zeros({}, secret.options()), error = torch::zeros({}, secret.options());
  for (int64_t begin = 0; begin < set.size(); begin += step) {
    control.throw_if_cancelled();
    const int64_t end = std::min(begin + step, set.size());
    const auto clean = set.pixels(begin, end).contiguous();
    const auto bits = secret.expand({end - begin, -1});
    const auto encoded = (stega.encoder.forward(bits, clean) * 255).round().to(torch::kUInt8);
    images.slice(0, begin, end).copy_(encoded);
    const auto pixels = to_pixels(encoded).contiguous();
    accuracy += bit_accuracy(stega.decoder.forward(pixels), bits) * (end - begin);
    error += torch::mse_loss(pixels, clean) * (end - begin);
  }
  const auto count = static_cast<double>(set.size());
  return {images, accuracy.item<double>() / count, error.item<double>() / count};
}

}  // namespace

StegaImages make_stega_images(const ImageSet& train, const ImageSet& test,
                              const torch::Tensor& secret, const StegaOptions& options,
                              uint64_t seed, torch::Generator& generator,
                              const RunControl& control) {
  const int64_t height = train.images.size(2), width = train.images.size(3);
  if (height % 16 != 0 || width % 16 != 0) {
    throw Error("ERR_CONFIG",
                "Expected images whose sides are multiples of 16 for the encoder but "
                "received " +
                    std::to_string(height) + " x " + std::to_string(width) +
                    ". Use imageSize, or give arrays made elsewhere");
  }
  const auto device = train.device();
  torch::manual_seed(seed);
  Stega stega{StegaEncoder(secret.size(0)), StegaDecoder(secret.size(0), height, width)};
  stega.encoder.to(device);
  stega.decoder.to(device);
  const auto losses = train_stega(stega, train, secret.size(0), options, generator, control);
  const double last_loss = losses.back().item<double>();
  if (!std::isfinite(last_loss)) {
    throw Error("ERR_DIVERGED", "Expected a finite loss of the encoder but it is " +
                                    std::to_string(last_loss) + ". Lower encoderLearningRate");
  }
  const auto bits = secret.to(torch::TensorOptions(device).dtype(torch::kFloat32));
  const auto encoded = encode(stega, train, bits, control);
  int64_t parameters = 0;
  for (const auto& parameter : stega.parameters()) parameters += parameter.numel();
  return {encoded.images,
          encode(stega, test, bits, control).images,
          encoded.bit_accuracy,
          encoded.image_error,
          losses.front().item<double>(),
          last_loss,
          parameters};
}

}  // namespace sau
