#include "images/transform.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace sau::images {
namespace {

constexpr int64_t kChannels = 3;
/// Weights are fixed-point numbers with this many fractional bits, so that sums fit in 32 bits.
constexpr int kFractionBits = 22;
constexpr int32_t kHalf = 1 << (kFractionBits - 1);

/// What output pixels mix: pixel i takes `counts[i]` source pixels from `firsts[i]` on, with the
/// weights from values[i * stride] on.
struct Weights {
  std::vector<int64_t> firsts, counts;
  std::vector<int32_t> values;
  int64_t stride = 0;
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
  weights.stride = static_cast<int64_t>(std::ceil(reach)) * 2 + 1;
  weights.values.resize(static_cast<size_t>((end - begin) * weights.stride));
  std::vector<double> raw;
  for (int64_t i = begin; i < end; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(center - reach + 0.5));
    const auto last = std::min(from, static_cast<int64_t>(center + reach + 0.5));
    raw.clear();
    double sum = 0.0;
    for (int64_t j = first; j < last; ++j) {
      raw.push_back(filter(interpolation, (static_cast<double>(j) - center + 0.5) * (1.0 / width)));
      sum += raw.back();
    }
    auto* values = weights.values.data() + (i - begin) * weights.stride;
    for (const double weight : raw) *values++ = fixed_point(sum == 0.0 ? weight : weight / sum);
    weights.firsts.push_back(first);
    weights.counts.push_back(last - first);
  }
  return weights;
}

uint8_t clip(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255)); }

/// row: [., 3]; out: [n, 3].
void resample_row(const uint8_t* row, const Weights& weights, uint8_t* out) {
  for (size_t i = 0; i < weights.firsts.size(); ++i) {
    const auto* pixel = row + weights.firsts[i] * kChannels;
    const auto* values = weights.values.data() + static_cast<int64_t>(i) * weights.stride;
    int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (int64_t j = 0; j < weights.counts[i]; ++j, pixel += kChannels) {
      red += pixel[0] * values[j];
      green += pixel[1] * values[j];
      blue += pixel[2] * values[j];
    }
    *out++ = clip(red);
    *out++ = clip(green);
    *out++ = clip(blue);
  }
}

/// Adds one weighted row to the sums of an output row.
void add_row(const uint8_t* row, int32_t weight, std::vector<int32_t>& sums) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += row[i] * weight;
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

/// Rows of a picture, resampled along the width where that changes.
class Rows {
 public:
  /// The columns of the span, of the source rows first to last-1.
  Rows(const uint8_t* rgb, Size source, const Transform& transform, const Span& columns,
       int64_t first, int64_t last)
      : source_(rgb + columns.begin * kChannels), stride_(source.width * kChannels) {
    if (transform.resized.width == source.width) return;
    const auto weights = make_weights(source.width, transform.resized.width, columns.begin,
                                      columns.end, transform.interpolation);
    const auto bytes = columns.size() * kChannels;
    resampled_.resize(static_cast<size_t>((last - first) * bytes));
    for (int64_t y = first; y < last; ++y)
      resample_row(rgb + y * stride_, weights, resampled_.data() + (y - first) * bytes);
    source_ = resampled_.data() - first * bytes;
    stride_ = bytes;
  }

  const uint8_t* row(int64_t y) const { return source_ + y * stride_; }

 private:
  std::vector<uint8_t> resampled_;
  const uint8_t* source_;
  int64_t stride_;
};

/// Writes one row of pixels [n, 3] to the three planes.
template <typename Channel>
void write_row(uint8_t* planes, int64_t area, int64_t count, Channel&& channel) {
  for (int64_t c = 0; c < kChannels; ++c) {
    for (int64_t x = 0; x < count; ++x) planes[c * area + x] = channel(x * kChannels + c);
  }
}

}  // namespace

void transform_picture(const uint8_t* rgb, Size source, const Transform& transform,
                       uint8_t* planes) {
  const auto& window = transform.window;
  const int64_t area = window.height * window.width;
  const auto columns = span_of(transform.left, window.width, transform.resized.width);
  const auto lines = span_of(transform.top, window.height, transform.resized.height);
  if (columns.size() < window.width || lines.size() < window.height)
    std::memset(planes, 0, static_cast<size_t>(kChannels * area));
  if (columns.size() == 0 || lines.size() == 0) return;
  const auto place = [&](int64_t line) {
    return planes + (lines.offset + line) * window.width + columns.offset;
  };
  if (transform.resized.height == source.height) {
    const Rows rows(rgb, source, transform, columns, lines.begin, lines.end);
    for (int64_t line = 0; line < lines.size(); ++line) {
      const auto* row = rows.row(lines.begin + line);
      write_row(place(line), area, columns.size(), [&](int64_t at) { return row[at]; });
    }
    return;
  }
  const auto weights = make_weights(source.height, transform.resized.height, lines.begin, lines.end,
                                    transform.interpolation);
  const Rows rows(rgb, source, transform, columns, weights.firsts.front(),
                  weights.firsts.back() + weights.counts.back());
  std::vector<int32_t> sums(static_cast<size_t>(columns.size() * kChannels));
  for (int64_t line = 0; line < lines.size(); ++line) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const auto first = weights.firsts[static_cast<size_t>(line)];
    for (int64_t j = 0; j < weights.counts[static_cast<size_t>(line)]; ++j)
      add_row(rows.row(first + j), weights.values[static_cast<size_t>(line * weights.stride + j)],
              sums);
    write_row(place(line), area, columns.size(), [&](int64_t at) { return clip(sums[at]); });
  }
}

}  // namespace sau::images
