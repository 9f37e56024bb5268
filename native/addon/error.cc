#include "addon/error.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

#include "sau/error.h"

namespace sau::addon {
namespace {

Napi::Error make(Napi::Env env, const std::string& code, const std::string& message) {
  auto error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

/// LibTorch's CPU allocator reports a full host as a plain c10::Error.
bool is_host_out_of_memory(const std::string& message) {
  return message.find("can't allocate memory") != std::string::npos;
}

}  // namespace

Napi::Error to_js_error(Napi::Env env, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const sau::Error& e) {
    return make(env, e.code(), e.what());
  } catch (const c10::OutOfMemoryError& e) {
    return make(env, "ERR_OUT_OF_MEMORY", e.what_without_backtrace());
  } catch (const c10::Error& e) {
    const std::string message = e.what_without_backtrace();
    return make(env, is_host_out_of_memory(message) ? "ERR_OUT_OF_MEMORY" : "ERR_NATIVE", message);
  } catch (const std::bad_alloc&) {
    return make(env, "ERR_OUT_OF_MEMORY", "The host ran out of memory. Lower batchSize");
  } catch (const std::exception& e) {
    return make(env, "ERR_NATIVE", e.what());
  } catch (...) {
    return make(env, "ERR_NATIVE", "Unknown C++ exception");
  }
}

}  // namespace sau::addon
