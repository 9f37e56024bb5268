#pragma once
#include <string>
#include <vector>

#include "sandbox/file_rules.h"

namespace sau::sandbox {

struct Rule {
  std::string path;
  Access access;
};

/// The program that takes the place of this process.
struct Program {
  std::string file;
  std::vector<std::string> arguments;
  /// As NAME=value.
  std::vector<std::string> environment;
};

/// What confines the program.
struct Confinement {
  /// Whether the rules are applied (Landlock).
  bool files;
  std::vector<Rule> rules;
  /// Whether system calls are refused (seccomp).
  bool system_calls;
};

/// Replaces this process by a program that is confined for good, all its threads included; the
/// process number and what is open stay. Does not return. If anything fails nothing has changed,
/// and this throws std::system_error.
[[noreturn]] void enter(const Confinement& confinement, const Program& program);

}  // namespace sau::sandbox
