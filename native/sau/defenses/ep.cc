#include "sau/defenses/ep.h"

#include "sau/defenses/tapped_passes.h"
#include "sau/train_epoch.h"

namespace sau {
namespace {

/// The largest value of each channel of each image: [C,N]. value: [N,C,H,W], or [N,...,C] of a
/// layer norm.
torch::Tensor largest_values(const torch::Tensor& value, bool channels_last) {
  const auto flat = channels_last ? value.flatten(1, -2).movedim(-1, 1) : value.flatten(2);
  return std::get<0>(flat.max(2)).t();
}

/// Entropy of each row's histogram over bins from `low` on, float64 [C]. An entry at the edge of a
/// bin is in none, and what is left of the range behind the last whole bin is no bin.
torch::Tensor row_entropies(const torch::Tensor& rows, double low, double high, double width) {
  const auto bins = static_cast<int64_t>((high - low) / width);
  auto entropy = torch::zeros({rows.size(0)}, rows.options());
  for (int64_t bin = 0; bin < bins; ++bin) {
    const double begin = low + width * static_cast<double>(bin);
    const double end = low + width * static_cast<double>(bin + 1);
    const auto share =
        rows.gt(begin).logical_and(rows.lt(end)).sum(1).to(torch::kFloat64) / rows.size(1);
    entropy -= torch::xlogy(share, share);
  }
  return entropy;
}

}  // namespace

EpDefense::EpDefense(Workspace& workspace, const EpOptions& options, const RunControl&)
    : OutlierPruning(workspace,
                     require_norms(norms_of(workspace.model(ModelRole::kTrainee).model().graph()),
                                   kName, "norms"),
                     options),
      bin_width_(options.bin_width),
      batch_(workspace.images(ImageRole::kTrain)) {
  if (batch_.size() < 2) {
    throw Error(
        "ERR_CONFIG",
        "Expected at least 2 training images for batchSize, whose values have a spread, but "
        "received 1. Raise batchSize");
  }
  batch_.images = augment(batch_.select(0, batch_.size()), options.crop_padding, options.flip,
                          workspace.generator());
  batch_.is_mapped = false;  // what is augmented is on the device
}

ByNorm EpDefense::score(const RunControl& control) {
  std::vector<std::vector<torch::Tensor>> parts(norms().size());
  pass_norm_inputs(workspace(), norms(), batch_, control,
                   [&](size_t k, const torch::Tensor& value) {
                     parts[k].push_back(largest_values(value, norms()[k].batch == nullptr));
                   });
  ByNorm scores;
  for (auto& part : parts) {
    const auto rows = torch::cat(part, 1).to(torch::kCPU, torch::kFloat64);
    const auto deviation = rows.std(1, /*unbiased=*/true, /*keepdim=*/true);
    const auto is_constant = deviation.squeeze(1).eq(0);
    const auto spread = (rows - rows.mean(1, /*keepdim=*/true)) / deviation;
    const auto known = spread.index({is_constant.logical_not()});
    auto entropy = torch::zeros({rows.size(0)}, rows.options());
    if (known.size(0) > 0) {
      entropy.index_put_(
          {is_constant.logical_not()},
          row_entropies(known, known.min().item<double>(), known.max().item<double>(), bin_width_));
    }
    scores.push_back(entropy);
    constant_.push_back(is_constant);
  }
  return scores;
}

ByNorm EpDefense::outliers(const ByNorm& scores, double u) const {
  ByNorm chosen;
  for (size_t k = 0; k < scores.size(); ++k) {
    const auto limit = scores[k].mean() - u * scores[k].std(/*unbiased=*/true);
    chosen.push_back(scores[k].lt(limit).logical_and(constant_[k].logical_not()));
  }
  return chosen;
}

}  // namespace sau
