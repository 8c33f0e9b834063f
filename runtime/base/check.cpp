// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/check.h>

#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace aiomisc::detail {

namespace {

void write_text(const char* text) noexcept {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void write_number(unsigned number) noexcept {
    char digits[12];
    char* first = digits + sizeof digits - 1;
    *first = '\0';
    do {
        *--first = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    write_text(first);
}

}  // namespace

void check_failed(const char* text, std::source_location where) noexcept {
    write_text(where.file_name());
    write_text(":");
    write_number(where.line());
    write_text(": check failed: ");
    write_text(text);
    write_text("\n");
    std::abort();
}

}  // namespace aiomisc::detail
