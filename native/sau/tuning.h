#pragma once
#include <cstdint>

#include "sau/names.h"

namespace sau {

/// How a batch goes through the device. kDynamic leaves out images that are done, and must ask the
/// device which ones are. kStatic asks nothing and works on all images. kRecorded also records a
/// batch once and repeats the record. All three give the same step; kAuto takes the fastest on the
/// device.
enum class Execution { kAuto, kDynamic, kStatic, kRecorded };

template <>
struct Names<Execution> {
  static constexpr const char* kWhat = "execution";
  static constexpr std::pair<const char*, Execution> kAll[] = {{"auto", Execution::kAuto},
                                                               {"dynamic", Execution::kDynamic},
                                                               {"static", Execution::kStatic},
                                                               {"recorded", Execution::kRecorded}};
};

/// Settings that change cost and not results.
struct Tuning {
  Execution execution;
  int64_t chunk;      ///< images per pass; 0: the device's choice
  int64_t cache_mib;  ///< largest memory for results that are the same in every round
};

template <class V>
void fields(V& v, Tuning& o) {
  v("execution", o.execution);
  v("chunkSize", o.chunk);
  v("cacheMib", o.cache_mib);
}

}  // namespace sau
