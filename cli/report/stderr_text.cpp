// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/stderr_text.h>

#include <cerrno>

#include <limits.h>  // PIPE_BUF
#include <poll.h>
#include <unistd.h>

namespace aiomisc::cli {

namespace {

/// Writes all of it, or what goes before it fails.
std::size_t write_fully(std::string_view text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            break;
        }
        done += static_cast<std::size_t>(written);
    }
    return done;
}

}  // namespace

bool stderr_is_ready() noexcept {
    pollfd stream{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    return ::poll(&stream, 1, 0) == 1;
}

void write_to_stderr(std::string_view text) {
    write_fully(text);
}

std::size_t offer_to_stderr(std::string_view text) {
    std::size_t done = 0;
    while (done < text.size() && stderr_is_ready()) {
        // A pipe that is ready has room for so much.
        const std::string_view piece = text.substr(done, PIPE_BUF);
        const std::size_t written = write_fully(piece);
        done += written;
        if (written < piece.size()) {
            break;
        }
    }
    return done;
}

}  // namespace aiomisc::cli
