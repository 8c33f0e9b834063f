// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/build_id.h>

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

#include <elf.h>
#include <link.h>

namespace aiomisc::cli {
namespace {

constexpr std::size_t padded(std::size_t bytes) noexcept {
    return (bytes + 3) & ~std::size_t{3};
}

/// Appends the build id that stands among the notes of a segment. Not instrumented:
/// AddressSanitizer puts red zones between notes, which belong to no object.
__attribute__((no_sanitize("address"))) void add_build_id(
    const unsigned char* notes, std::size_t size, std::string& id) {
    while (size >= sizeof(ElfW(Nhdr))) {
        const auto& header = *reinterpret_cast<const ElfW(Nhdr)*>(notes);
        const std::size_t begin = sizeof(header) + padded(header.n_namesz);
        const std::size_t end = begin + padded(header.n_descsz);
        if (end > size) {
            return;
        }
        if (header.n_type == NT_GNU_BUILD_ID) {
            for (std::size_t at = begin; at < begin + header.n_descsz; ++at) {
                id += fmt::format("{:02x}", unsigned{notes[at]});
            }
            return;
        }
        notes += end;
        size -= end;
    }
}

int read_program(dl_phdr_info* info, std::size_t, void* result) {
    std::string& id = *static_cast<std::string*>(result);
    for (int i = 0; i < info->dlpi_phnum && id.empty(); ++i) {
        const auto& segment = info->dlpi_phdr[i];
        if (segment.p_type == PT_NOTE) {
            // NOLINTNEXTLINE(performance-no-int-to-ptr): an address, as the ELF header gives it
            const auto* notes = reinterpret_cast<const unsigned char*>(
                static_cast<std::uintptr_t>(info->dlpi_addr + segment.p_vaddr));
            add_build_id(notes, segment.p_filesz, id);
        }
    }
    return 1;  // the program is the first of all
}

}  // namespace

std::string program_build_id() {
    std::string id;
    ::dl_iterate_phdr(&read_program, &id);
    return id.empty() ? "none" : id;
}

}  // namespace aiomisc::cli
