#include "images/transform.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

namespace sau::images {
namespace {

constexpr int64_t kChannels = 3;
/// Weights are fixed-point numbers with this many fractional bits, so that sums fit in 32 bits.
constexpr int kFractionBits = 22;
constexpr int32_t kHalf = 1 << (kFractionBits - 1);

/// What output pixels mix: pixel i takes `taps` source pixels from `firsts[i]` on, with the weights
/// from values[i * taps] on, some of which may be 0.
struct Weights {
  std::vector<int64_t> firsts;
  std::vector<int32_t> values;
  int64_t taps = 0;
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

uint8_t clip(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255)); }

// The loops over bytes are compiled twice, and the processor decides which code runs.
#define SAU_FAST __attribute__((target_clones("avx2", "default")))

/// row: [., 3] and one byte more; out: [3, n].
__attribute__((target("default"))) void resample_row(const uint8_t* row, const Weights& weights,
                                                     uint8_t* out) {
  const auto count = static_cast<int64_t>(weights.firsts.size());
  const auto* values = weights.values.data();
  for (int64_t i = 0; i < count; ++i, values += weights.taps) {
    const auto* pixel = row + weights.firsts[static_cast<size_t>(i)] * kChannels;
    for (int64_t c = 0; c < kChannels; ++c) {
      int32_t sum = kHalf;
      for (int64_t j = 0; j < weights.taps; ++j) sum += pixel[j * kChannels + c] * values[j];
      out[c * count + i] = clip(sum);
    }
  }
}

/// The channels of a pixel at a time, and a fourth that nobody reads.
__attribute__((target("sse4.1"))) void resample_row(const uint8_t* row, const Weights& weights,
                                                    uint8_t* out) {
  const auto count = static_cast<int64_t>(weights.firsts.size());
  const auto* values = weights.values.data();
  for (int64_t i = 0; i < count; ++i) {
    const auto* pixel = row + weights.firsts[static_cast<size_t>(i)] * kChannels;
    auto sums = _mm_set1_epi32(kHalf);
    for (int64_t j = 0; j < weights.taps; ++j, pixel += kChannels) {
      const auto channels = _mm_cvtepu8_epi32(_mm_loadu_si32(pixel));
      sums = _mm_add_epi32(sums, _mm_mullo_epi32(channels, _mm_set1_epi32(*values++)));
    }
    const auto levels = _mm_packus_epi32(_mm_srai_epi32(sums, kFractionBits), sums);
    const auto bytes = _mm_cvtsi128_si32(_mm_packus_epi16(levels, levels));
    for (int64_t c = 0; c < kChannels; ++c)
      out[c * count + i] = static_cast<uint8_t>(bytes >> (8 * c));
  }
}

/// [n, 3] to [3, n].
SAU_FAST void split_row(const uint8_t* row, int64_t count, uint8_t* out) {
  for (int64_t x = 0; x < count; ++x) {
    for (int64_t c = 0; c < kChannels; ++c) out[c * count + x] = row[x * kChannels + c];
  }
}

/// Adds one weighted row to the sums of an output row.
SAU_FAST void add_row(const uint8_t* row, int32_t weight, int64_t count, int32_t* sums) {
  for (int64_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

SAU_FAST void clip_row(const int32_t* sums, int64_t count, uint8_t* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = clip(sums[i]);
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
    if (transform.resized.width == source.width) {
      for (int64_t y = first; y < last; ++y)
        split_row(rgb + y * stride + columns.begin * kChannels, columns.size(), place(y));
      return;
    }
    const auto weights = make_weights(source.width, transform.resized.width, columns.begin,
                                      columns.end, transform.interpolation);
    std::vector<uint8_t> row(static_cast<size_t>(stride) + 1);
    for (int64_t y = first; y < last; ++y) {
      std::memcpy(row.data(), rgb + y * stride, static_cast<size_t>(stride));
      resample_row(row.data(), weights, place(y));
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
  std::vector<int32_t> sums(static_cast<size_t>(count * kChannels));
  for (int64_t line = 0; line < lines.size(); ++line) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const auto first = weights.firsts[static_cast<size_t>(line)];
    const auto* values = weights.values.data() + line * weights.taps;
    for (int64_t j = 0; j < weights.taps; ++j) {
      if (values[j] != 0) add_row(rows.row(first + j), values[j], count * kChannels, sums.data());
    }
    for (int64_t c = 0; c < kChannels; ++c)
      clip_row(sums.data() + c * count, count, place(line, c));
  }
}

}  // namespace sau::images
