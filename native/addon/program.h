#pragma once
#include <napi.h>

#include "sau/net/program.h"

namespace sau::addon {

/// A program as lib/native/program_contract.ts has it. Its constants are copies.
Program program_of(const Napi::Value& value);

}  // namespace sau::addon
