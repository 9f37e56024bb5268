#include "sau/scan/shared_labels.h"

#include <algorithm>

#include "sau/losses.h"
#include "sau/predict.h"
#include "sau/shared_pgd.h"

namespace sau {

SharedLabelCounts count_shared_labels(const ScanScene& scene, const torch::Tensor& pixels,
                                      const torch::Tensor& labels,
                                      const SharedLabelsOptions& options,
                                      torch::Generator& generator) {
  const SharedPgd search(scene.model, scene.model, options.pgd, scene.dynamic_shapes);
  const auto clean = predict(scene.model, pixels);
  const auto start = initial_delta(pixels, options.pgd.init, options.pgd.ball.bound, generator);
  const auto found =
      search.perturb(pixels, start, labels, {clean, clean}, {}, pixels.size(0), scene.control);
  require_unbroken(found.broken.item<int64_t>(), scene.model.precision());
  const auto led = suspects(found.reference_perturbed, clean, labels);
  const auto classes = torch::arange(scene.classes, labels.options()).unsqueeze(1);
  const auto among = [&](const torch::Tensor& of) { return of.unsqueeze(0).eq(classes); };
  return {(among(found.reference_perturbed) & led.unsqueeze(0)).sum(1),
          (among(labels) | among(clean)).logical_not().sum(1)};
}

ScanFindings scan_shared_labels(const ScanScene& scene, const ImageSet& images,
                                const SharedLabelsOptions& options) {
  auto generator = generator_of(scene.seed, -1);
  auto led = torch::zeros({scene.classes}, images.labels.options());
  auto reachable = torch::zeros_like(led);
  const int64_t step = std::min(scene.chunk, images.size());
  const int64_t batches = (images.size() + step - 1) / step;
  for (int64_t batch = 0; batch < batches; ++batch) {
    const int64_t begin = batch * step, end = std::min(begin + step, images.size());
    const auto counts = count_shared_labels(scene, images.pixels(begin, end),
                                            images.labels.slice(0, begin, end), options, generator);
    led += counts.led;
    reachable += counts.reachable;
    scene.control.report(
        BatchDone{.round = 0, .rounds = 1, .batch = batch + 1, .batches = batches});
  }
  ScanFindings findings;
  for (int64_t label = 0; label < scene.classes; ++label) {
    const auto count = led[label].item<double>(), of = reachable[label].item<double>();
    findings.classes.push_back(
        {{"rate", of == 0 ? kNaN : count / of}, {"led", count}, {"reachable", of}});
  }
  return findings;
}

}  // namespace sau
