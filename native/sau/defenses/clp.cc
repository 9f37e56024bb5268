#include "sau/defenses/clp.h"

namespace sau {
namespace {

/// The convolution that comes last before each norm in the order of the state dict: the position of
/// its weight.
std::vector<size_t> kernels_before(const Graph& graph, const std::vector<NormSite>& norms) {
  std::vector<size_t> kernels;  // of all convolutions
  for (const auto& node : graph.nodes) {
    if (const auto* conv = std::get_if<op::Conv2d>(&node.op)) kernels.push_back(conv->weight);
  }
  std::sort(kernels.begin(), kernels.end());
  std::vector<size_t> before;
  for (const auto& norm : norms) {
    const auto next = std::upper_bound(kernels.begin(), kernels.end(), norm.weight);
    const bool fits = next != kernels.begin() && graph.weights[next[-1]].shape[0] == norm.channels;
    if (!fits) {
      throw Error("ERR_CONFIG",
                  "Expected a model whose batch norms each follow a convolution of their own width "
                  "for the method clp but " +
                      norm.key + " of " + std::to_string(norm.channels) +
                      " channels does not. Choose another method, such as anp or bnp");
    }
    before.push_back(next[-1]);
  }
  return before;
}

/// The largest singular value of each matrix of a batch, float64 [n,r,c] -> [n]: by the eigenvalues
/// of its smaller product with itself.
torch::Tensor largest_singular_values(const torch::Tensor& matrices) {
  const auto turned = matrices.transpose(1, 2);
  const auto square =
      matrices.size(1) <= matrices.size(2) ? matrices.matmul(turned) : turned.matmul(matrices);
  return torch::linalg_eigvalsh(square).select(1, -1).clamp_min(0).sqrt();
}

}  // namespace

ClpDefense::ClpDefense(Workspace& workspace, const OutlierOptions& options, const RunControl&)
    : OutlierPruning(
          workspace,
          require_norms(batch_norms_of(workspace.model(ModelRole::kTrainee).model().graph()), kName,
                        "batch norms"),
          options),
      kernels_(
          kernels_before(workspace.model(ModelRole::kTrainee).model().graph(), this->norms())) {}

ByNorm ClpDefense::score(const RunControl& control) {
  const auto& model = workspace().model(ModelRole::kTrainee).model();
  const auto wide = [&](size_t weight) {
    return model.weight(weight).detach().to(torch::kCPU, torch::kFloat64);
  };
  ByNorm scores;
  for (size_t k = 0; k < kernels_.size(); ++k) {
    control.throw_if_cancelled();
    const auto& norm = norms()[k];
    const auto scale = (wide(norm.weight) / wide(norm.batch->variance).sqrt()).abs();
    const auto kernel = wide(kernels_[k]).flatten(2);
    scores.push_back(largest_singular_values(kernel.contiguous()) * scale);
  }
  return scores;
}

}  // namespace sau
