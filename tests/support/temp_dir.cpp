// SPDX-License-Identifier: MIT
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/error.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include <stdlib.h>
#include <unistd.h>

namespace aiomisc::test {

namespace fs = std::filesystem;

namespace {

fs::path make_directory() {
    std::string pattern = fs::temp_directory_path() / "aiomisc-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw SystemError::from_errno("mkdtemp", pattern);
    }
    return pattern;
}

}  // namespace

TempDir::TempDir() : path_(make_directory()), owner_(::getpid()) {}

TempDir::~TempDir() {
    if (owner_ == ::getpid()) {
        std::error_code ignored;  // a destructor has nobody to tell
        fs::remove_all(path_, ignored);
    }
}

fs::path TempDir::write(const fs::path& name, std::string_view content) const {
    const fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out << content;
    if (!out.flush()) {
        throw std::runtime_error("cannot write " + file.string());
    }
    return file;
}

std::string TempDir::read(const fs::path& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    if (!in) {
        throw std::runtime_error("cannot read " + (path_ / name).string());
    }
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace aiomisc::test
