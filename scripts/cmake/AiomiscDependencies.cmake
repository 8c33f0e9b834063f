# SPDX-License-Identifier: MIT
# Everything the project takes from the distribution. The same list, by package name, is in
# scripts/install-deps and in the README.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(libsystemd REQUIRED IMPORTED_TARGET libsystemd)
find_package(CapnProto REQUIRED CONFIG)
find_package(spdlog 1.10 REQUIRED CONFIG)
find_package(fmt REQUIRED CONFIG)
find_package(cereal REQUIRED CONFIG)
find_package(Boost 1.75 REQUIRED CONFIG)   # headers only: Boost.PFR
find_package(CLI11 2.1 REQUIRED CONFIG)
