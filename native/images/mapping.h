#pragma once
#include <cstddef>
#include <memory>
#include <string>

namespace sau::images {

/// Writable memory whose contents the system may keep in a file and not in memory. The file goes
/// with the mapping, also where the process is killed, and its room on the disk is taken at once: a
/// write never fails.
class Mapping {
 public:
  /// Throws std::system_error, such as ENOSPC where the folder has no room.
  Mapping(const std::string& folder, size_t bytes);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* data() const;
  size_t size() const;

 private:
  struct View;
  std::unique_ptr<View> view_;
};

}  // namespace sau::images
