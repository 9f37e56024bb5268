#pragma once
#include <cstddef>
#include <string>

namespace sau::images {

/// Writable memory whose contents the system may keep in a file and not in memory. The file has no
/// name, so that it goes with the mapping, and its room on the disk is taken at once: a write never
/// fails.
class Mapping {
 public:
  /// Throws std::system_error, such as ENOSPC where the folder has no room.
  Mapping(const std::string& folder, size_t bytes);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* data() const { return data_; }
  size_t size() const { return bytes_; }

 private:
  void* data_;
  size_t bytes_;
};

}  // namespace sau::images
