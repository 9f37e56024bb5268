#include "sau/net/size_call.h"

#include <limits>

#include "sau/torch.h"
#include "test/cases.h"

namespace sau::test {
namespace {

constexpr auto kLowest = std::numeric_limits<int64_t>::min();
constexpr auto kHighest = std::numeric_limits<int64_t>::max();

int64_t result_of(const char* function, int64_t a, int64_t b) {
  const SizeCall call(function, {{a}, {b}});
  return call({}, {torch::kFloat32, torch::kCPU}).toInt();
}

bool is_refused(const char* function, int64_t a, int64_t b) {
  try {
    result_of(function, a, b);
    return false;
  } catch (const c10::Error&) {
    return true;
  }
}

void require_equal(const char* function, int64_t a, int64_t b, int64_t expected) {
  const auto result = result_of(function, a, b);
  TORCH_CHECK(result == expected, "expected ", expected, " for ", function, " of ", a, " and ", b,
              ", got ", result);
}

void require_refused(const char* function, int64_t a, int64_t b) {
  TORCH_CHECK(is_refused(function, a, b), "expected ", function, " of ", a, " and ", b,
              " to be refused");
}

void sums_at_the_ends() {
  require_equal("add", kHighest - 1, 1, kHighest);
  require_equal("add", kLowest, kHighest, -1);
  require_equal("add", -1, kLowest + 1, kLowest);
  require_refused("add", kHighest, 1);
  require_refused("add", kLowest, -1);
}

void differences_at_the_ends() {
  require_equal("sub", -1, kHighest, kLowest);
  require_equal("sub", -1, kLowest, kHighest);
  require_equal("sub", kLowest, kLowest, 0);
  require_refused("sub", 0, kLowest);
  require_refused("sub", kLowest, 1);
  require_refused("sub", kHighest, -1);
}

void products_at_the_ends() {
  require_equal("mul", kLowest, 1, kLowest);
  require_equal("mul", 1, kLowest, kLowest);
  require_equal("mul", kHighest, -1, -kHighest);
  require_equal("mul", 0, kLowest, 0);
  require_equal("mul", kLowest / 2, 2, kLowest);
  require_refused("mul", kLowest, -1);
  require_refused("mul", -1, kLowest);
  require_refused("mul", kHighest, 2);
  require_refused("mul", int64_t{1} << 32, int64_t{1} << 31);
}

}  // namespace

std::vector<Case> size_call_cases() {
  return {
      {"sums of sizes are whole up to the ends of 64 bits and refused beyond", sums_at_the_ends},
      {"differences of sizes are whole up to the ends of 64 bits and refused beyond",
       differences_at_the_ends},
      {"products of sizes are whole up to the ends of 64 bits and refused beyond",
       products_at_the_ends},
  };
}

}  // namespace sau::test
