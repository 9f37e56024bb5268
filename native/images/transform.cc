#include "images/transform.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "images/row_loops.h"

namespace sau::images {
namespace {

/// What output pixels mix: pixel i takes `taps` source pixels from `firsts[i]` on, with the weights
/// from values[i * taps] on, some of which may be 0.
struct Weights {
  std::vector<int64_t> firsts;
  std::vector<int32_t> values;
  int64_t taps = 0;

  WeightSpans spans() const {
    return {firsts.data(), values.data(), static_cast<int64_t>(firsts.size()), taps};
  }
};

/// Half the width of a filter, in pixels of the coarser side.
double reach_of(Interpolation interpolation) {
  return interpolation == Interpolation::kBicubic ? 2.0 : 1.0;
}

/// The triangle, and Keys' cubic with a = -1/2.
double filter(Interpolation interpolation, double x) {
  x = std::abs(x);
  if (interpolation == Interpolation::kBilinear) return std::max(0.0, 1.0 - x);
  if (x < 1.0) return (1.5 * x - 2.5) * x * x + 1.0;
  if (x < 2.0) return ((5.0 - x) * x - 8.0) * x * 0.5 + 2.0;
  return 0.0;
}

int32_t fixed_point(double weight) {
  return static_cast<int32_t>(std::trunc(weight * (1 << kFractionBits) + (weight < 0 ? -.5 : .5)));
}

/// The weights of the output pixels begin to end-1, of `to` that stand for `from` source pixels.
/// Where the picture shrinks, the filter is as much wider; the weights of a pixel have a sum of 1.
Weights make_weights(int64_t from, int64_t to, int64_t begin, int64_t end,
                     Interpolation interpolation) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double width = std::max(scale, 1.0);
  const double reach = reach_of(interpolation) * width;
  Weights weights;
  std::vector<int64_t> counts;
  std::vector<double> raw;  // those of one pixel after those of the other
  for (int64_t i = begin; i < end; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(center - reach + 0.5));
    const auto last = std::min(from, static_cast<int64_t>(center + reach + 0.5));
    for (int64_t j = first; j < last; ++j) {
      raw.push_back(filter(interpolation, (static_cast<double>(j) - center + 0.5) * (1.0 / width)));
    }
    weights.firsts.push_back(first);
    counts.push_back(last - first);
  }
  weights.taps = *std::max_element(counts.begin(), counts.end());
  weights.values.resize(counts.size() * static_cast<size_t>(weights.taps));
  const auto* given = raw.data();
  for (size_t i = 0; i < counts.size(); given += counts[i++]) {
    const double sum = std::accumulate(given, given + counts[i], 0.0);
    // All pixels have as many taps; near the end they begin earlier, so that none lies outside.
    auto& first = weights.firsts[i];
    const auto skipped = std::max<int64_t>(0, first + weights.taps - from);
    first -= skipped;
    auto* values = weights.values.data() + static_cast<int64_t>(i) * weights.taps + skipped;
    for (int64_t j = 0; j < counts[i]; ++j)
      values[j] = fixed_point(sum == 0.0 ? given[j] : given[j] / sum);
  }
  return weights;
}

/// The part of a window that lies in the picture, along one side.
struct Span {
  int64_t begin, end;  ///< in the resized picture
  int64_t offset;      ///< of begin in the window
  int64_t size() const { return std::max<int64_t>(0, end - begin); }
};

Span span_of(int64_t first, int64_t size, int64_t resized) {
  const auto begin = std::max<int64_t>(0, first);
  return {begin, std::min(resized, first + size), begin - first};
}

/// Rows of a picture as [3, n], resampled along the width where that changes.
class Rows {
 public:
  /// The columns of the span, of the source rows first to last-1.
  Rows(const uint8_t* rgb, Size source, const Transform& transform, const Span& columns,
       int64_t first, int64_t last)
      : first_(first),
        bytes_(columns.size() * kChannels),
        rows_(static_cast<size_t>((last - first) * bytes_)) {
    const auto stride = source.width * kChannels;
    const auto& loops = row_loops();
    if (transform.resized.width == source.width) {
      for (int64_t y = first; y < last; ++y)
        loops.split(rgb + y * stride + columns.begin * kChannels, columns.size(), place(y));
      return;
    }
    const auto weights = make_weights(source.width, transform.resized.width, columns.begin,
                                      columns.end, transform.interpolation);
    std::vector<uint8_t> row(static_cast<size_t>(stride) + 1);
    for (int64_t y = first; y < last; ++y) {
      std::memcpy(row.data(), rgb + y * stride, static_cast<size_t>(stride));
      loops.resample(row.data(), weights.spans(), place(y));
    }
  }

  const uint8_t* row(int64_t y) const { return rows_.data() + (y - first_) * bytes_; }

 private:
  uint8_t* place(int64_t y) { return rows_.data() + (y - first_) * bytes_; }

  int64_t first_, bytes_;
  std::vector<uint8_t> rows_;
};

}  // namespace

void transform_picture(const uint8_t* rgb, Size source, const Transform& transform,
                       uint8_t* planes) {
  const auto& window = transform.window;
  const int64_t area = window.height * window.width;
  const auto columns = span_of(transform.left, window.width, transform.resized.width);
  const auto lines = span_of(transform.top, window.height, transform.resized.height);
  const int64_t count = columns.size();
  if (count < window.width || lines.size() < window.height)
    std::memset(planes, 0, static_cast<size_t>(kChannels * area));
  if (count == 0 || lines.size() == 0) return;
  const auto place = [&](int64_t line, int64_t channel) {
    return planes + channel * area + (lines.offset + line) * window.width + columns.offset;
  };
  if (transform.resized.height == source.height) {
    const Rows rows(rgb, source, transform, columns, lines.begin, lines.end);
    for (int64_t line = 0; line < lines.size(); ++line) {
      const auto* row = rows.row(lines.begin + line);
      for (int64_t c = 0; c < kChannels; ++c)
        std::memcpy(place(line, c), row + c * count, static_cast<size_t>(count));
    }
    return;
  }
  const auto weights = make_weights(source.height, transform.resized.height, lines.begin, lines.end,
                                    transform.interpolation);
  const Rows rows(rgb, source, transform, columns, weights.firsts.front(),
                  weights.firsts.back() + weights.taps);
  const auto& loops = row_loops();
  std::vector<int32_t> sums(static_cast<size_t>(count * kChannels));
  for (int64_t line = 0; line < lines.size(); ++line) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const auto first = weights.firsts[static_cast<size_t>(line)];
    const auto* values = weights.values.data() + line * weights.taps;
    for (int64_t j = 0; j < weights.taps; ++j) {
      if (values[j] != 0) loops.add(rows.row(first + j), values[j], count * kChannels, sums.data());
    }
    for (int64_t c = 0; c < kChannels; ++c)
      loops.clip(sums.data() + c * count, count, place(line, c));
  }
}

}  // namespace sau::images
