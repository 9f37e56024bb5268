#include "sau/defenses/bnp.h"

#include "sau/defenses/tapped_passes.h"

namespace sau {
namespace {

/// Mean and sum of squared deviations of each channel, joined from parts.
struct ChannelMoments {
  double count = 0;
  torch::Tensor mean, squares;  ///< float64 [C], on the device of the values

  /// value: a map [N,C,H,W].
  void add(const torch::Tensor& value) {
    const auto part = static_cast<double>(value.numel() / value.size(1));
    const auto [variance, part_mean] =
        torch::var_mean(value, {0, 2, 3}, /*unbiased=*/false, /*keepdim=*/false);
    const auto own_mean = part_mean.to(torch::kFloat64);
    const auto own_squares = variance.to(torch::kFloat64) * part;
    if (count == 0) {
      count = part;
      mean = own_mean;
      squares = own_squares;
      return;
    }
    const auto apart = own_mean - mean;
    const double both = count + part;
    squares = squares + own_squares + apart.square() * (count * part / both);
    mean = mean + apart * (part / both);
    count = both;
  }
  torch::Tensor variance() const { return squares / (count - 1); }
};

/// Of a normal distribution (m1, v1) from another (m2, v2); infinite where v1 is 0.
torch::Tensor divergence(const torch::Tensor& m1, const torch::Tensor& v1, const torch::Tensor& m2,
                         const torch::Tensor& v2) {
  const auto value = 0.5 * (v2 / v1).log() + (v1 + (m1 - m2).square()) / (2 * v2) - 0.5;
  return value.masked_fill(v1.eq(0), std::numeric_limits<double>::infinity());
}

}  // namespace

BnpDefense::BnpDefense(Workspace& workspace, const OutlierOptions& options, const RunControl&)
    : OutlierPruning(
          workspace,
          require_norms(batch_norms_of(workspace.model(ModelRole::kTrainee).model().graph()), kName,
                        "batch norms"),
          options) {
  workspace.images(ImageRole::kCleanSubset);  // throws where there are none
}

ByNorm BnpDefense::score(const RunControl& control) {
  std::vector<ChannelMoments> moments(norms().size());
  pass_norm_inputs(workspace(), norms(), learn(), control,
                   [&](size_t k, const torch::Tensor& value) { moments[k].add(value); });
  const auto& model = workspace().model(ModelRole::kTrainee).model();
  const auto host = [](const torch::Tensor& t) {
    return t.detach().to(torch::kCPU, torch::kFloat64);
  };
  ByNorm scores;
  for (size_t k = 0; k < norms().size(); ++k) {
    const auto& norm = *norms()[k].batch;
    scores.push_back(divergence(host(moments[k].mean), host(moments[k].variance()),
                                host(model.weight(norm.mean)), host(model.weight(norm.variance))));
  }
  return scores;
}

}  // namespace sau
