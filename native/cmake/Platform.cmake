# What differs between Linux, macOS and Windows in the build. In the sources it is native/platform/.
if(WIN32)
  set(SAU_PLATFORM_SOURCES native/platform/cpu.cc native/platform/windows.cc)
  set(SAU_MAPPING_SOURCES native/images/mapping_windows.cc)
  set(SAU_LINKED_ENDING ".lib")
else()
  set(SAU_PLATFORM_SOURCES native/platform/cpu.cc native/platform/posix.cc)
  set(SAU_MAPPING_SOURCES native/images/mapping_posix.cc)
  set(SAU_LINKED_ENDING "${CMAKE_SHARED_LIBRARY_SUFFIX}")
endif()
# libtorch_cpu.so, libtorch_cpu.dylib, torch_cpu.dll; on Windows torch_cpu.lib is linked
set(SAU_LIBRARY_BEGINNING "${CMAKE_SHARED_LIBRARY_PREFIX}")

# Landlock and seccomp are of Linux.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(SAU_SANDBOX_SOURCES native/sandbox/capabilities.cc native/sandbox/enter.cc
    native/sandbox/file_rules.cc native/sandbox/system_calls.cc)
else()
  set(SAU_SANDBOX_SOURCES native/sandbox/none.cc)
endif()

# Loops that are compiled for AVX2 besides the ordinary ones; the processor decides which run.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$" AND NOT CMAKE_OSX_ARCHITECTURES)
  set(SAU_X64_SOURCES native/images/row_loops_avx2.cc)
  set(SAU_X64_KERNELS native/sau/net/winograd/maps_avx2.cc native/sau/net/winograd/products_avx2.cc
    native/sau/net/winograd/weights_avx2.cc)
  if(MSVC)
    set(SAU_AVX2_FLAG /arch:AVX2)
    set(SAU_FMA_FLAG /arch:AVX2)
  else()
    set(SAU_AVX2_FLAG -mavx2)
    set(SAU_FMA_FLAG -mfma)
  endif()
endif()

if(MSVC)
  set(CMAKE_CXX_FLAGS_RELEASE "/O2 /DNDEBUG")  # the arithmetic is LibTorch's
  add_compile_options(/EHsc /bigobj /utf-8)
  add_compile_definitions(NOMINMAX _USE_MATH_DEFINES)
  # LibTorch's own: objects of the C++ library cross the border between them.
  set(CMAKE_MSVC_RUNTIME_LIBRARY MultiThreadedDLL)
  set(SAU_FASTEST /O2)
else()
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
  # One product and one sum are two roundings on every processor, as they are on x64.
  add_compile_options(-ffp-contract=off)
  set(SAU_FASTEST -O3)
endif()

# LibTorch's libraries need others, such as CUDA's, which are there at run time only.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(SAU_LINK_LOOSELY -Wl,--allow-shlib-undefined)
endif()

# sau_warnings: warnings are errors where the sources are known to have none. MSVC has not been run.
add_library(sau_warnings INTERFACE)
if(MSVC)
  target_compile_options(sau_warnings INTERFACE /W3)
else()
  target_compile_options(sau_warnings INTERFACE -Wall -Wextra -Werror)
endif()

# What -Weverything of clang 14 adds and these sources are free of. Left out on purpose: float-equal
# (exact zeros mean "none"), weak-vtables, and what is about older C++ or about LibTorch's macros.
set(SAU_CLANG_WARNINGS
  -Wassign-enum -Wcast-align -Wcast-qual -Wcomma -Wconditional-uninitialized -Wconversion
  -Wcovered-switch-default -Wdeprecated -Wdouble-promotion -Wduplicate-enum -Wglobal-constructors
  -Wheader-hygiene -Wimplicit-fallthrough -Wmissing-noreturn
  -Wnon-virtual-dtor -Wold-style-cast -Wover-aligned -Woverloaded-virtual -Wrange-loop-analysis
  -Wredundant-parens -Wshadow-all -Wsign-conversion -Wsuggest-destructor-override
  -Wsuggest-override -Wswitch-enum -Wthread-safety -Wundef -Wunreachable-code-aggressive
  -Wunused-macros -Wunused-member-function -Wzero-as-null-pointer-constant)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND NOT MSVC)
  target_compile_options(sau_warnings INTERFACE ${SAU_CLANG_WARNINGS})
  # The thread of the jobs goes on while the process ends: nothing that it reads may be destroyed.
  # In the addon a set for each JS thread ends with its thread, and Node's macros define functions.
  set(SAU_METHOD_WARNINGS -Wexit-time-destructors -Wmissing-prototypes)
endif()
