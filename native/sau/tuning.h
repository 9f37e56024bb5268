#pragma once
#include <cstdint>

#include "sau/names.h"

namespace sau {

/// How a batch goes through the device. kDynamic leaves out images that are done, which asks the
/// device what is done; kStatic asks nothing and works on all; kRecorded also records a batch once
/// and repeats the record. All give the same step; kAuto takes what pays on the device.
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
  int64_t cache_mib;  ///< most memory for what stays the same in every round
};

template <class V>
void fields(V& v, Tuning& o) {
  v("execution", o.execution);
  v("chunkSize", o.chunk);
  v("cacheMib", o.cache_mib);
}

}  // namespace sau
