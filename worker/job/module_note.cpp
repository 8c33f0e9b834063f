// SPDX-License-Identifier: MIT
#include <aiomisc/worker/job/module_note.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/job/descriptor.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc {

namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
#else
#error "name the ELF machine of this platform"
#endif

// Real ones have about ten headers and notes of some hundred bytes: more is an attempt to keep us
// busy.
constexpr std::size_t kMaxProgramHeaders = 256;
constexpr std::size_t kMaxNoteBytes = 65'536;

/// One file, read by position; every read is within its size or refused.
class ElfFile {
public:
    explicit ElfFile(const std::filesystem::path& path) : path_(path) {
        // Non-blocking, so that a FIFO of that name cannot hold us.
        fd_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        struct stat status{};
        if (!fd_ || ::fstat(fd_.get(), &status) != 0) {
            throw SystemError::from_errno("open", path.string());
        }
        if (!S_ISREG(status.st_mode)) {
            refuse("not a regular file");
        }
        size_ = static_cast<std::uint64_t>(status.st_size);
    }

    /// The dynamic linker maps segments without asking for the size of the file, and dies of SIGBUS
    /// where there is nothing behind a page.
    void check_holds(const Elf64_Phdr& segment) const {
        if (segment.p_offset > size_ || segment.p_filesz > size_ - segment.p_offset) {
            refuse(fmt::format(
                "cut off: it has {} bytes, and one of its segments is {} bytes at {}; copy or "
                "build it again",
                size_,
                segment.p_filesz,
                segment.p_offset));
        }
    }

    [[noreturn]] void refuse(std::string_view reason) const {
        throw ConfigError(path_.string(), "job module", reason);
    }

    /// Reads `bytes` at `offset`, or says that there are none.
    std::optional<std::vector<char>> read(std::uint64_t offset, std::size_t bytes) const {
        std::vector<char> buffer(bytes);
        for (std::size_t done = 0; done < bytes;) {
            const auto position = static_cast<off_t>(offset + done);
            const ssize_t n =
                position < 0 ? 0 : ::pread(fd_.get(), buffer.data() + done, bytes - done, position);
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n < 0) {
                throw SystemError::from_errno("read", path_.string());
            }
            if (n == 0) {
                return std::nullopt;
            }
            done += static_cast<std::size_t>(n);
        }
        return buffer;
    }

    template <typename Structure>
    std::optional<Structure> read_structure(std::uint64_t offset) const {
        const auto bytes = read(offset, sizeof(Structure));
        if (!bytes) {
            return std::nullopt;
        }
        Structure structure{};
        std::memcpy(&structure, bytes->data(), sizeof(structure));
        return structure;
    }

private:
    std::filesystem::path path_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
};

bool is_shared_object(const Elf64_Ehdr& header) {
    constexpr unsigned char kByteOrder =
        std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
           header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == kByteOrder &&
           header.e_type == ET_DYN && header.e_phentsize == sizeof(Elf64_Phdr) &&
           header.e_phnum <= kMaxProgramHeaders;
}

void add_note(
    ModuleNote& found, std::string_view name, Elf64_Word type, std::span<const char> content) {
    if (name == std::string_view("GNU\0", 4) && type == NT_GNU_BUILD_ID) {
        found.build_id.clear();
        for (const char byte : content) {
            found.build_id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
        }
        return;
    }
    job::NoteContent ours;
    if (name == std::string_view(job::kNoteName, sizeof(job::kNoteName)) &&
        type == job::kNoteType && content.size() >= sizeof(ours)) {
        std::memcpy(&ours, content.data(), sizeof(ours));
        found.abi = ours.abi;
        found.has_job |= (ours.offers & job::kOffersJob) != 0;
        found.has_main |= (ours.offers & job::kOffersMain) != 0;
    }
}

/// Walks the notes of one segment; stops at the first that does not fit into it.
void add_notes(ModuleNote& found, std::span<const char> segment, std::size_t alignment) {
    const auto padded = [alignment](std::size_t bytes) {
        return (bytes + alignment - 1) / alignment * alignment;
    };
    while (segment.size() >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr header;
        std::memcpy(&header, segment.data(), sizeof(header));
        segment = segment.subspan(sizeof(header));
        const std::size_t name_bytes = header.n_namesz;
        const std::size_t content_bytes = header.n_descsz;
        if (padded(name_bytes) > segment.size() ||
            content_bytes > segment.size() - padded(name_bytes)) {
            return;
        }
        add_note(
            found,
            std::string_view(segment.data(), name_bytes),
            header.n_type,
            segment.subspan(padded(name_bytes), content_bytes));
        const std::size_t whole = padded(name_bytes) + padded(content_bytes);
        segment = segment.subspan(std::min(whole, segment.size()));
    }
}

}  // namespace

ModuleNote read_module_note(const std::filesystem::path& path) {
    const ElfFile file(path);
    const auto header = file.read_structure<Elf64_Ehdr>(0);
    if (!header || !is_shared_object(*header)) {
        file.refuse("not a shared object");
    }
    if (header->e_machine != kMachine) {
        file.refuse("built for another kind of machine");
    }

    ModuleNote found;
    for (std::size_t i = 0; i < header->e_phnum; ++i) {
        const auto segment =
            file.read_structure<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr));
        if (!segment) {
            file.refuse(
                "cut off: not all of its program headers are there; copy or build it again");
        }
        file.check_holds(*segment);
        if (segment->p_type != PT_NOTE || segment->p_filesz > kMaxNoteBytes) {
            continue;
        }
        if (const auto notes = file.read(segment->p_offset, segment->p_filesz)) {
            add_notes(found, *notes, segment->p_align == 8 ? 8 : 4);
        }
    }
    if (!found.has_job && !found.has_main) {
        file.refuse("not an aiomisc job module: it has neither AIOMISC_JOB nor AIOMISC_MAIN");
    }
    if (found.abi != job::kModuleAbi) {
        file.refuse(fmt::format(
            "built for version {} of the module interface, this is version {}: compile it again",
            found.abi,
            job::kModuleAbi));
    }
    return found;
}

}  // namespace aiomisc
