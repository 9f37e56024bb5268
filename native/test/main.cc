// What no call from JavaScript reaches on the CPU. Prints a line for each case: "ok" or "FAILED",
// and its sentence. test/native/core.test.ts builds and runs it.
#include <cstdio>
#include <exception>

#include "test/cases.h"

namespace {

/// Returns how many cases fail.
int run(const std::vector<sau::test::Case>& cases) {
  int failed = 0;
  for (const auto& [sentence, check] : cases) {
    try {
      check();
      std::printf("ok %s\n", sentence.c_str());
    } catch (const std::exception& e) {
      std::printf("FAILED %s: %s\n", sentence.c_str(), e.what());
      ++failed;
    }
  }
  return failed;
}

}  // namespace

int main() {
  using namespace sau::test;
  const int failed = run(repeated_work_cases()) + run(guard_cases()) + run(precision_cases()) +
                     run(loss_cases()) + run(optimizer_cases()) + run(second_order_cases()) +
                     run(size_call_cases()) + run(winograd_cases()) + run(remade_cases()) +
                     run(page_allocator_cases());
  return failed == 0 ? 0 : 1;
}
