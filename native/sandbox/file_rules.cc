#include "sandbox/file_rules.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sandbox/failure.h"

// The interface of Landlock (Documentation/userspace-api/landlock.rst of Linux). It is repeated
// here because the headers of the system that the addon is built on are older.
namespace sau::sandbox {
namespace {

constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kVersionFlag = 1;
constexpr int kPathBeneath = 1;

constexpr uint64_t kExecute = 1 << 0;
constexpr uint64_t kWriteFile = 1 << 1;
constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadDir = 1 << 3;
constexpr uint64_t kRemoveDir = 1 << 4;
constexpr uint64_t kRemoveFile = 1 << 5;
constexpr uint64_t kMakeDir = 1 << 7;
constexpr uint64_t kMakeRegular = 1 << 8;
constexpr uint64_t kMakeLink = 1 << 12;
constexpr uint64_t kRefer = 1 << 13;
constexpr uint64_t kTruncate = 1 << 14;
constexpr uint64_t kControlDevice = 1 << 15;

/// Of what is no folder.
constexpr uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kControlDevice;

struct RulesetAttributes {
  uint64_t files;
  uint64_t network;  // since version 4
  uint64_t scoped;   // since version 6
};

struct __attribute__((packed)) PathBeneath {
  uint64_t allowed;
  int32_t parent;
};

/// All rights that a version knows: those that are not allowed are refused.
uint64_t rights_of(int version) {
  if (version >= 5) return (uint64_t{1} << 16) - 1;
  if (version >= 3) return (uint64_t{1} << 15) - 1;
  if (version == 2) return (uint64_t{1} << 14) - 1;
  return (uint64_t{1} << 13) - 1;
}

uint64_t rights_of(Access access) {
  constexpr uint64_t read = kReadFile | kReadDir;
  switch (access) {
    case Access::kRead:
      return read;
    case Access::kRun:
      return read | kExecute;
    case Access::kWrite:
      return read | kWriteFile | kTruncate | kRemoveDir | kRemoveFile | kMakeDir | kMakeRegular |
             kMakeLink | kRefer;
    case Access::kDevice:
      return read | kWriteFile | kTruncate | kControlDevice;
    case Access::kRemoveFolders:
      return kRemoveDir;
  }
  return 0;
}

}  // namespace

int landlock_version(int* error) {
  const long version = syscall(kCreateRuleset, nullptr, size_t{0}, kVersionFlag);
  *error = version < 0 ? errno : 0;
  return version < 0 ? 0 : static_cast<int>(version);
}

FileRules::FileRules(int version) : handled_(rights_of(version)) {
  constexpr uint64_t bind_and_connect = 3;
  constexpr uint64_t sockets_and_signals = 3;
  const RulesetAttributes attributes{handled_, version >= 4 ? bind_and_connect : 0,
                                     version >= 6 ? sockets_and_signals : 0};
  const size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  ruleset_ = static_cast<int>(syscall(kCreateRuleset, &attributes, size, uint32_t{0}));
  if (ruleset_ < 0) fail("landlock_create_ruleset");
}

FileRules::~FileRules() { close(ruleset_); }

void FileRules::allow(const std::string& path, Access access) {
  const int file = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (file < 0) return;
  struct stat facts{};
  const bool is_folder = fstat(file, &facts) == 0 && S_ISDIR(facts.st_mode);
  const auto rights = rights_of(access) & handled_ & (is_folder ? ~uint64_t{0} : kOfFiles);
  const PathBeneath rule{rights, file};
  const long result =
      rights == 0 ? 0 : syscall(kAddRule, ruleset_, kPathBeneath, &rule, uint32_t{0});
  const int error = errno;
  close(file);
  if (result != 0) fail("landlock_add_rule", error);
}

void FileRules::restrict_thread() const {
  if (syscall(kRestrictSelf, ruleset_, uint32_t{0}) != 0) fail("landlock_restrict_self");
}

}  // namespace sau::sandbox
