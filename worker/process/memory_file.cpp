// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/memory_file.h>

#include <aiomisc/runtime/base/error.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

UniqueFd create(const char* name) {
    UniqueFd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) {
        throw SystemError::from_errno("create memory file", name);
    }
    return file;
}

void seal(const UniqueFd& file, int seals, const char* name) {
    if (::fcntl(file.get(), F_ADD_SEALS, seals) != 0) {
        throw SystemError::from_errno("seal memory file", name);
    }
}

}  // namespace

UniqueFd make_memory_file(const char* name, std::size_t size) {
    UniqueFd file = create(name);
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
        throw SystemError::from_errno("resize memory file", name);
    }
    seal(file, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, name);
    return file;
}

UniqueFd make_sealed_file(const char* name, std::span<const std::byte> content) {
    UniqueFd file = create(name);
    for (std::size_t done = 0; done < content.size();) {
        const ssize_t written = ::write(file.get(), content.data() + done, content.size() - done);
        if (written < 0 && errno != EINTR) {
            throw SystemError::from_errno("write memory file", name);
        }
        done += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    seal(file, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL, name);
    return file;
}

std::vector<std::byte> read_sealed_file(const UniqueFd& file, std::size_t size) {
    // The seals also prove that it is a memory file: reading a device or a pipe could block.
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    struct stat status{};
    if (seals < 0 || (seals & F_SEAL_WRITE) == 0 || ::fstat(file.get(), &status) != 0 ||
        static_cast<std::size_t>(status.st_size) < size) {
        throw ProtocolError("descriptor is not the sealed memory file that was announced");
    }
    std::vector<std::byte> content(size);
    for (std::size_t done = 0; done < size;) {
        const ssize_t got =
            ::pread(file.get(), content.data() + done, size - done, static_cast<off_t>(done));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            throw ProtocolError("sealed memory file cannot be read");
        }
        done += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    return content;
}

}  // namespace aiomisc::process
