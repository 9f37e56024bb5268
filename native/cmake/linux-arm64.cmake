# The cross compiler for linux-arm64: Debian's g++-aarch64-linux-gnu. LibTorch is the one of the wheel for that
# processor (docs/releasing.md).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
