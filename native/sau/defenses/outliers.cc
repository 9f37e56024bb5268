#include "sau/defenses/outliers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sau/torch.h"

namespace sau {
namespace {

constexpr double kDeviationOfNormal = 1.4826;  // standard deviations in a median deviation

double median_of(std::vector<double> values, Median kind) {
  std::sort(values.begin(), values.end());
  const double lower = values[(values.size() - 1) / 2];
  return kind == Median::kLower ? lower : (lower + values[values.size() / 2]) / 2;
}

}  // namespace

SmallOutliers small_outliers(const std::vector<double>& values, Median kind, double most) {
  TORCH_CHECK(!values.empty(), "expected values, got none");
  SmallOutliers result;
  result.median = median_of(values, kind);
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - result.median));
  result.deviation = kDeviationOfNormal * median_of(distances, kind);
  const auto index_of = [&](double distance) {
    if (distance == 0) return 0.0;
    return result.deviation == 0 ? std::numeric_limits<double>::infinity()
                                 : distance / result.deviation;
  };
  for (size_t i = 0; i < values.size(); ++i) {
    result.indices.push_back(index_of(distances[i]));
    if (values[i] <= result.median && result.indices[i] > most)
      result.found.push_back(static_cast<int64_t>(i));
  }
  const auto smallest = std::min_element(values.begin(), values.end()) - values.begin();
  result.index = result.indices[static_cast<size_t>(smallest)];
  return result;
}

}  // namespace sau
