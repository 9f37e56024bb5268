#pragma once
#include <string>
#include <vector>

namespace sau {

/// The operators that programs may call, as `name` or `name.overload`: functions of tensors without
/// random numbers, files, storages or results whose shape depends on values.
std::vector<std::string> allowed_operators();
bool is_allowed_operator(const std::string& name);

/// True where an operator may give back a tensor that it is given although its schema does not say
/// so.
bool may_give_input(const std::string& name);

}  // namespace sau
