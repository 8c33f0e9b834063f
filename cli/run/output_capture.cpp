// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/output_capture.h>

#include <aiomisc/runtime/base/error.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace aiomisc::cli {

UniqueFd OutputCapture::open(OutputStream stream) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
        throw SystemError::from_errno("create pipe for the output of a job");
    }
    UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    pipes_[static_cast<std::size_t>(stream)] = std::make_unique<detail::OutputPipe>(
        loop_, std::move(reading), [this, stream](std::span<const std::byte> bytes) {
            try {
                output_.write(
                    stream,
                    std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
            } catch (...) {
                // Told to whoever runs the job; there is nobody to throw to here.
                error_ = std::current_exception();
            }
        });
    return writing;
}

void OutputCapture::finish() {
    for (auto& pipe : pipes_) {
        if (pipe) {
            pipe->drain();
            pipe.reset();
        }
    }
    if (error_) {
        std::rethrow_exception(error_);
    }
}

}  // namespace aiomisc::cli
