// The jobs of a Workspace that make data for attacks.
#include "sau/workspace.h"

namespace sau {
namespace {

/// The model's own normalisation, or none: most official generators feed plain pixels.
Normalizer input_of(bool normalize, const Normalizer& own, const torch::Device& device) {
  return normalize ? own : Normalizer({0, 0, 0}, {1, 1, 1}, device);
}

}  // namespace

TrojanTrigger Workspace::trojan_trigger(const torch::Tensor& start, const TrojanOptions& options,
                                        const RunControl& control) {
  prepare();
  return make_trojan_trigger(model(ModelRole::kTrainee),
                             input_of(options.normalize, *normalizer_, *device_), start, options,
                             control);
}

LfPattern Workspace::lf_pattern(const LfOptions& options, const RunControl& control) {
  prepare();
  const FrozenPixelClassifier classifier(model(ModelRole::kTrainee),
                                         input_of(options.normalize, *normalizer_, *device_),
                                         torch::kFloat32);
  return make_lf_pattern(classifier, images(ImageRole::kTrain), images(ImageRole::kCleanTest),
                         options, generator_, control);
}

torch::Tensor Workspace::adversarial_images(const AdversarialOptions& options,
                                            const RunControl& control) {
  prepare();
  const FrozenPixelClassifier classifier(model(ModelRole::kTrainee),
                                         input_of(options.normalize, *normalizer_, *device_),
                                         torch::kFloat32);
  return make_adversarial_images(classifier, images(ImageRole::kTrain), options, control);
}

StegaImages Workspace::stega_images(const torch::Tensor& secret, const StegaOptions& options,
                                    const RunControl& control) {
  prepare();
  return make_stega_images(images(ImageRole::kTrain), images(ImageRole::kCleanTest), secret,
                           options, options_.seed, generator_, control);
}

}  // namespace sau
