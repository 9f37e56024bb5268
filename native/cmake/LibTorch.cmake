# Defines libtorch::cpu (libtorch_cpu, libc10). If LibTorch was built with CUDA and the CUDA headers
# are available, also defines libtorch::cuda. find_package(Torch) is not used: it forces libtorch.so
# into NEEDED and demands a CUDA toolkit, so one binary could not serve both variants.
set(LIBTORCH_DIR "$ENV{LIBTORCH}" CACHE PATH "LibTorch: the folder with lib/ and include/")
set(libtorch_mark "lib/${SAU_LIBRARY_BEGINNING}torch_cpu${CMAKE_SHARED_LIBRARY_SUFFIX}")
if(EXISTS "${LIBTORCH_DIR}/torch/${libtorch_mark}")
  set(libtorch_root "${LIBTORCH_DIR}/torch")
else()
  set(libtorch_root "${LIBTORCH_DIR}")
endif()
if(NOT EXISTS "${libtorch_root}/${libtorch_mark}")
  message(FATAL_ERROR "Expected LibTorch in LIBTORCH_DIR but found no ${libtorch_mark} in "
    "'${LIBTORCH_DIR}'. Run `npm run build`, which fetches one, or pass -DLIBTORCH_DIR=<folder>.")
endif()
get_filename_component(libtorch_root "${libtorch_root}" ABSOLUTE)

if(EXISTS "${libtorch_root}/version.py")
  file(STRINGS "${libtorch_root}/version.py" version_line REGEX "^__version__")
else()
  file(STRINGS "${libtorch_root}/build-version" version_line LIMIT_COUNT 1)
endif()
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LIBTORCH_VERSION "${version_line}")
file(READ "${CMAKE_CURRENT_SOURCE_DIR}/libtorch.json" libtorch_json)
string(JSON libtorch_min GET "${libtorch_json}" supported min)
string(JSON libtorch_below GET "${libtorch_json}" supported below)
if(LIBTORCH_VERSION VERSION_LESS libtorch_min OR NOT LIBTORCH_VERSION VERSION_LESS libtorch_below)
  if(NOT "$ENV{LIBTORCH_BYPASS_VERSION_CHECK}" STREQUAL "1")
    message(FATAL_ERROR "Expected LibTorch >= ${libtorch_min} and < ${libtorch_below} but found "
      "${LIBTORCH_VERSION} in ${libtorch_root}. LIBTORCH_BYPASS_VERSION_CHECK=1 overrides this.")
  endif()
endif()
message(STATUS "LibTorch ${LIBTORCH_VERSION} in ${libtorch_root}")

add_library(libtorch::cpu INTERFACE IMPORTED)
target_include_directories(libtorch::cpu SYSTEM INTERFACE
  "${libtorch_root}/include" "${libtorch_root}/include/torch/csrc/api/include")
target_link_libraries(libtorch::cpu INTERFACE
  "${libtorch_root}/lib/${SAU_LIBRARY_BEGINNING}torch_cpu${SAU_LINKED_ENDING}"
  "${libtorch_root}/lib/${SAU_LIBRARY_BEGINNING}c10${SAU_LINKED_ENDING}")
target_compile_definitions(libtorch::cpu INTERFACE SAU_LIBTORCH_VERSION="${LIBTORCH_VERSION}")

set(libtorch_cuda "${libtorch_root}/lib/${SAU_LIBRARY_BEGINNING}torch_cuda${SAU_LINKED_ENDING}")
if(EXISTS "${libtorch_cuda}")
  # The headers lie beside a wheel or in a toolkit. crt/, which every compilation needs, may be a
  # package of its own (nvidia-cuda-crt).
  set(cuda_places HINTS "${libtorch_root}/../nvidia/cu13/include" "${libtorch_root}/../nvidia/cu12/include"
    "$ENV{CUDA_HOME}/include" "$ENV{CUDA_PATH}/include" PATHS /usr/local/cuda/include)
  find_path(SAU_CUDA_INCLUDE_DIR cusparse.h ${cuda_places})
  find_path(SAU_CUDA_CRT_INCLUDE_DIR crt/host_defines.h ${cuda_places})
  if(SAU_CUDA_INCLUDE_DIR AND SAU_CUDA_CRT_INCLUDE_DIR)
    message(STATUS "CUDA headers in ${SAU_CUDA_INCLUDE_DIR} and ${SAU_CUDA_CRT_INCLUDE_DIR}")
    add_library(libtorch::cuda INTERFACE IMPORTED)
    target_include_directories(libtorch::cuda SYSTEM INTERFACE
      "${SAU_CUDA_INCLUDE_DIR}" "${SAU_CUDA_CRT_INCLUDE_DIR}")
    target_link_libraries(libtorch::cuda INTERFACE
      "${libtorch_cuda}"
      "${libtorch_root}/lib/${SAU_LIBRARY_BEGINNING}c10_cuda${SAU_LINKED_ENDING}")
    target_link_options(libtorch::cuda INTERFACE ${SAU_LINK_LOOSELY})
  else()
    message(WARNING "LibTorch has CUDA but its headers were not found: sau_cuda.so is not built. "
      "Install nvidia-cuda-crt and nvidia-cuda-cccl beside it, or pass -DSAU_CUDA_INCLUDE_DIR=<folder> "
      "and -DSAU_CUDA_CRT_INCLUDE_DIR=<folder>.")
  endif()
endif()
