#include "sau/page_allocator.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstdint>

#include "platform/system.h"

namespace sau {
namespace {

constexpr size_t kSmallest = size_t{1} << 20;
constexpr size_t kUnit = size_t{1} << 16;  // a multiple of the pages of any system

/// What it is false for needs no look into the blocks.
bool begins_a_page(const void* address) {
  constexpr uintptr_t kSmallestPage = 4096;
  return reinterpret_cast<uintptr_t>(address) % kSmallestPage == 0;
}

}  // namespace

PageAllocator& PageAllocator::of_process() {
  static auto* allocator = new PageAllocator;
  return *allocator;
}

c10::DataPtr PageAllocator::allocate(size_t bytes) {
  void* begin = nullptr;
  if (bytes >= kSmallest && !c10::memoryProfilingEnabled())
    begin = take((bytes + kUnit - 1) / kUnit * kUnit);
  // Where the system has none left, LibTorch's allocator says so.
  if (begin == nullptr) begin = c10::GetDefaultCPUAllocator()->raw_allocate(bytes);
  return {begin, begin, &PageAllocator::free, c10::Device(c10::DeviceType::CPU)};
}

c10::DeleterFnPtr PageAllocator::raw_deleter() const { return &PageAllocator::free; }

void PageAllocator::copy_data(void* to, const void* from, size_t bytes) const {
  default_copy_data(to, from, bytes);
}

void PageAllocator::release_kept() {
  const std::lock_guard<std::mutex> lock(mutex_);
  release_first(kept_.size());
  most_ = in_use_;
}

size_t PageAllocator::in_use() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return in_use_;
}

size_t PageAllocator::kept() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kept_bytes_;
}

void PageAllocator::free(void* begin) {
  if (!begins_a_page(begin) || !of_process().put_back(begin))
    c10::GetDefaultCPUAllocator()->raw_deallocate(begin);
}

/// Null where the system has none.
void* PageAllocator::take(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto fits = [&](const Block& block) {
    return block.bytes >= bytes && block.bytes - bytes <= bytes / 8;
  };
  // What was freed last may still be in a cache.
  const auto found = std::find_if(kept_.rbegin(), kept_.rend(), fits);
  Block block{nullptr, bytes};
  if (found != kept_.rend()) {
    block = *found;
    kept_bytes_ -= block.bytes;
    kept_.erase(std::next(found).base());
  } else {
    make_room(bytes);
    block.begin = platform::map_pages(bytes);
  }
  if (block.begin == nullptr) return nullptr;
  used_.emplace(block.begin, block.bytes);
  in_use_ += block.bytes;
  most_ = std::max(most_, in_use_);
  return block.begin;
}

/// False for what is LibTorch's own.
bool PageAllocator::put_back(void* begin) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = used_.find(begin);
  if (found == used_.end()) return false;
  const Block block{begin, found->second};
  used_.erase(found);
  in_use_ -= block.bytes;
  kept_bytes_ += block.bytes;
  kept_.push_back(block);
  return true;
}

void PageAllocator::make_room(size_t bytes) {
  const size_t limit = std::max(most_, in_use_ + bytes);
  size_t count = 0;
  for (size_t held = in_use_ + kept_bytes_ + bytes; held > limit && count < kept_.size(); ++count)
    held -= kept_[count].bytes;
  release_first(count);
}

void PageAllocator::release_first(size_t count) {
  const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(count);
  for (auto block = kept_.begin(); block != end; ++block) {
    platform::unmap_pages(block->begin, block->bytes);
    kept_bytes_ -= block->bytes;
  }
  kept_.erase(kept_.begin(), end);
}

void use_page_allocator() {
#ifndef SAU_SANITIZED               // a sanitizer watches what malloc gives
  constexpr uint8_t kPriority = 1;  // above LibTorch's own
  c10::SetCPUAllocator(&PageAllocator::of_process(), kPriority);
#endif
}

}  // namespace sau
