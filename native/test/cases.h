#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace sau::test {

constexpr size_t kMiB = size_t{1} << 20;

/// What must hold, as a sentence; check throws where it does not.
struct Case {
  std::string sentence;
  std::function<void()> check;
};

std::vector<Case> remade_cases();
std::vector<Case> repeated_work_cases();
std::vector<Case> guard_cases();
std::vector<Case> page_allocator_cases();
std::vector<Case> precision_cases();
std::vector<Case> loss_cases();
std::vector<Case> optimizer_cases();
std::vector<Case> second_order_cases();
std::vector<Case> size_call_cases();
std::vector<Case> winograd_cases();

}  // namespace sau::test
