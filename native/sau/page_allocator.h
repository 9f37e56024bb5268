#pragma once
#include <c10/core/Allocator.h>

#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace sau {

/// Memory for large tensors on the CPU, in pages of its own. The C library puts a map of some MiB
/// among small values on a heap, and glibc's heap of a thread ends after 64 MiB: what is freed
/// there leaves gaps that no other map fits into, of up to a third of a training's memory. Here
/// what is freed serves the next tensor of about that size, so that no pages have to be filled
/// anew, and goes back to the system before more than ever was in use at once would be held.
class PageAllocator final : public c10::Allocator {
 public:
  /// Never destroyed, because tensors may outlive the end of main().
  static PageAllocator& of_process();

  /// Small tensors, and those of a scope whose memory is counted, are LibTorch's own.
  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void* to, const void* from, size_t bytes) const override;

  /// Gives back to the system what no tensor uses.
  void release_kept();
  /// Bytes that tensors use.
  size_t in_use() const;
  /// Bytes that are held for the next tensors.
  size_t kept() const;

 private:
  struct Block {
    void* begin;
    size_t bytes;
  };

  PageAllocator() = default;
  static void free(void* begin);
  void* take(size_t bytes);
  bool put_back(void* begin);
  /// Lets the blocks go that have been kept longest, until so much fits beside what is in use.
  void make_room(size_t bytes);
  void release_first(size_t count);

  mutable std::mutex mutex_;
  std::unordered_map<void*, size_t> used_;  ///< bytes by where they begin
  std::vector<Block> kept_;                 ///< in the order in which they were freed
  size_t in_use_ = 0, kept_bytes_ = 0;
  size_t most_ = 0;  ///< that was in use at once
};

/// From now on large tensors on the CPU have their memory from PageAllocator.
void use_page_allocator();

}  // namespace sau
