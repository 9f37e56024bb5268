#pragma once
#include <cstdint>
#include <vector>

namespace sau {

/// Which median of an even number of values: the lower of the two in the middle, or their mean.
enum class Median { kLower, kMean };

/// Values that are far below the median, by the median absolute deviation (defenses E4).
struct SmallOutliers {
  double median;
  double deviation;             ///< 1.4826 times the median of the distances from it
  double index;                 ///< of the smallest value, see indices
  std::vector<double> indices;  ///< distance of each value from the median, in deviations
  std::vector<int64_t> found;   ///< positions of values below the median with an index above `most`
};

SmallOutliers small_outliers(const std::vector<double>& values, Median kind, double most);

}  // namespace sau
