#pragma once

/// Before what other libraries find by its name.
#ifdef _WIN32
#define SAU_EXPORT extern "C" __declspec(dllexport)
#else
#define SAU_EXPORT extern "C" __attribute__((visibility("default")))
#endif
