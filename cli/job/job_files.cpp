// SPDX-License-Identifier: MIT
#include <aiomisc/cli/job/job_files.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

constexpr mode_t kPermissions = 0777;

void read_all(const UniqueFd& file, const std::string& name, std::string& text) {
    char buffer[65536];
    for (;;) {
        const ssize_t size = ::read(file.get(), buffer, sizeof buffer);
        if (size == 0) {
            return;
        }
        if (size < 0 && errno != EINTR) {
            throw SystemError::from_errno("read", name);
        }
        text.append(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
    }
}

void write_all(const UniqueFd& file, const std::string& name, std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::write(file.get(), text.data(), text.size());
        if (size < 0 && errno != EINTR) {
            throw SystemError::from_errno("write", name);
        }
        text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
    }
}

/// A file in the folder of `path` whose name is nobody else's, gone unless it is renamed.
class NewFile {
public:
    // Not made of the whole path: its last part may be as long as a name can be.
    explicit NewFile(const std::string& path)
        : name_(path.substr(0, path.rfind('/') + 1) + ".aiomisc-run-XXXXXX") {
        fd_.reset(::mkostemp(name_.data(), O_CLOEXEC));
        if (!fd_) {
            throw SystemError::from_errno("create", path);
        }
    }

    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    ~NewFile() {
        if (!name_.empty()) {
            ::unlink(name_.c_str());
        }
    }

    [[nodiscard]] const UniqueFd& fd() const noexcept { return fd_; }

    void become(const std::string& path) {
        if (::rename(name_.c_str(), path.c_str()) != 0) {
            throw SystemError::from_errno("write", path);
        }
        name_.clear();
    }

private:
    std::string name_;
    UniqueFd fd_;
};

void write_file(const JobFile& file) {
    NewFile written(file.path);
    write_all(written.fd(), file.path, file.text);
    if (::fchmod(written.fd().get(), file.mode) != 0) {
        throw SystemError::from_errno("write", file.path);
    }
    written.become(file.path);
}

}  // namespace

FileTemplate read_file_template(std::string_view words) {
    const std::size_t equals = words.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == words.size()) {
        throw UsageError("expected FILE=DST");
    }
    const std::string name(words.substr(0, equals));
    FileTemplate result{.destination = std::string(words.substr(equals + 1))};
    try {
        const UniqueFd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status{};
        if (!file || ::fstat(file.get(), &status) != 0) {
            throw SystemError::from_errno("open", name);
        }
        read_all(file, name, result.text);
        result.mode = status.st_mode & kPermissions;
    } catch (const SystemError& error) {
        throw UsageError(error.what());
    }
    return result;
}

std::vector<std::string> write_job_files(const std::vector<JobFile>& files) {
    std::vector<std::string> created;
    for (const JobFile& file : files) {
        struct stat before{};
        const bool is_new = ::lstat(file.path.c_str(), &before) != 0;
        try {
            write_file(file);
        } catch (const SystemError&) {
            remove_job_files(created);
            throw;
        }
        if (is_new) {
            created.push_back(file.path);
        }
    }
    return created;
}

void remove_job_files(const std::vector<std::string>& paths) noexcept {
    for (const std::string& path : paths) {
        ::unlink(path.c_str());
    }
}

}  // namespace aiomisc::cli
