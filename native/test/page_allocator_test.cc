#include "sau/page_allocator.h"

#include <utility>

#include "sau/net/memory_limit.h"
#include "sau/torch.h"
#include "test/cases.h"

namespace sau::test {
namespace {

/// Where nothing else of the process has memory of it.
PageAllocator& fresh() {
  auto& allocator = PageAllocator::of_process();
  allocator.release_kept();
  TORCH_CHECK(allocator.in_use() == 0, "expected no tensors");
  return allocator;
}

void expect_held(const PageAllocator& allocator, size_t in_use, size_t kept) {
  TORCH_CHECK(allocator.in_use() == in_use * kMiB && allocator.kept() == kept * kMiB, "expected ",
              in_use, " MiB in use and ", kept, " kept, got bytes ", allocator.in_use(), " and ",
              allocator.kept());
}

void serves_the_next_of_its_size() {
  auto& allocator = fresh();
  auto first = allocator.allocate(8 * kMiB), second = allocator.allocate(2 * kMiB);
  const void* begin = first.get();
  static_cast<char*>(first.get())[8 * kMiB - 1] = 1;
  second.clear();
  first.clear();
  expect_held(allocator, 0, 10);
  const auto other = allocator.allocate(2 * kMiB);
  TORCH_CHECK(other.get() != begin, "expected less memory for a small tensor");
  const auto next = allocator.allocate(8 * kMiB - 1000);
  TORCH_CHECK(next.get() == begin, "expected the memory of the first");
  expect_held(allocator, 10, 0);
}

void never_holds_more_than_was_in_use() {
  auto& allocator = fresh();
  auto a = allocator.allocate(8 * kMiB), b = allocator.allocate(6 * kMiB);
  a.clear();
  b.clear();
  expect_held(allocator, 0, 14);
  auto c = allocator.allocate(3 * kMiB);  // the first that was freed goes
  expect_held(allocator, 3, 6);
  auto d = allocator.allocate(20 * kMiB);
  expect_held(allocator, 23, 0);
}

void gives_back_what_it_keeps() {
  auto& allocator = fresh();
  auto stays = allocator.allocate(4 * kMiB);
  allocator.allocate(4 * kMiB).clear();
  expect_held(allocator, 4, 4);
  allocator.release_kept();
  expect_held(allocator, 4, 0);
}

void leaves_the_rest_to_libtorch() {
  auto& allocator = fresh();
  const auto small = allocator.allocate(kMiB / 2), none = allocator.allocate(0);
  expect_held(allocator, 0, 0);
  bool refused = false;
  const MemoryLimit limit(4 * kMiB);
  const auto counted = allocator.allocate(2 * kMiB);
  try {
    allocator.allocate(4 * kMiB);
  } catch (const c10::Error&) {
    refused = true;
  }
  expect_held(allocator, 0, 0);
  TORCH_CHECK(refused, "expected a limit of memory to hold");
}

void is_freed_by_its_address() {
  auto& allocator = fresh();
  for (const size_t bytes : {size_t{100}, 4 * kMiB})
    allocator.raw_deallocate(allocator.raw_allocate(bytes));
  expect_held(allocator, 0, 4);
}

}  // namespace

std::vector<Case> page_allocator_cases() {
  return {
      {"memory of a large tensor serves the next of its size", serves_the_next_of_its_size},
      {"no more memory is held than was in use at once", never_holds_more_than_was_in_use},
      {"kept memory goes back to the system", gives_back_what_it_keeps},
      {"small tensors and those under a limit are LibTorch's", leaves_the_rest_to_libtorch},
      {"memory is freed by its address alone", is_freed_by_its_address},
  };
}

}  // namespace sau::test
