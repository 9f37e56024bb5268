#pragma once
#include <cstdint>
#include <string>

namespace sau::sandbox {

/// What a confined process may do at a path and, of a folder, with everything below it.
enum class Access {
  kRead,
  /// Read, and start as a program.
  kRun,
  /// Read, write, make and remove files and folders; never start them.
  kWrite,
  /// Use a device: read, write and control it.
  kDevice,
  /// Remove empty folders in a folder.
  kRemoveFolders,
};

/// The version of Landlock that the kernel has (1 since Linux 5.13); 0 without it, and then
/// `*error` is the system's.
int landlock_version(int* error);

/// Moves between folders, as where a result replaces an earlier one, can be allowed since
/// Linux 5.19.
constexpr int kLeastLandlock = 2;

/// The files that a thread may use (Landlock). Nothing that is not allowed here can be opened,
/// made, renamed or removed; the attributes of files stay visible.
class FileRules {
 public:
  /// Throws std::system_error.
  explicit FileRules(int version);
  ~FileRules();
  FileRules(const FileRules&) = delete;
  FileRules& operator=(const FileRules&) = delete;

  /// Allows a path, with its links followed. What is not there stays forbidden. Throws
  /// std::system_error.
  void allow(const std::string& path, Access access);

  /// Puts the calling thread, and what it starts, under these rules for good. Needs no_new_privs.
  /// Where the kernel can, also refuses TCP, and signals and abstract sockets to processes outside
  /// of the rules. Throws std::system_error.
  void restrict_thread() const;

 private:
  uint64_t handled_;
  int ruleset_;
};

}  // namespace sau::sandbox
