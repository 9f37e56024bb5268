#pragma once
#include <napi.h>

#include <exception>

namespace sau::addon {

/// Turns any C++ exception into a JS Error with the property `code`.
Napi::Error to_js_error(Napi::Env env, const std::exception_ptr& error);

/// Runs a callback of the addon and turns a C++ exception into a JS exception.
template <typename Callback>
auto guarded(Napi::Env env, Callback&& callback) -> decltype(callback()) {
  try {
    return callback();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, std::current_exception());
  }
}

}  // namespace sau::addon
