// SPDX-License-Identifier: MIT
// aiomisc: --cxxflags "-O2 -ljpeg -lexif"
// Thumbnails of photographs: a plain, blocking function, and the job that aiomisc-run makes of it:
//
//     aiomisc-run thumbnail.cpp size=256 src={} dst=thumbnails/{/.}.jpg ::: *.jpg
//
// main.cpp calls the same function through a WorkerPool.
#include "thumbnail.h"

#include "image.h"
#include "jpeg.h"

#include <aiomisc/job.h>

#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace {

using thumbnails::Image;

constexpr int kQuality = 85;

/// The largest size with the proportions of `picture` that fits into `box`, and is no larger than
/// it.
Box fit(Box picture, Box box) {
    if (picture.width <= box.width && picture.height <= box.height) {
        return picture;
    }
    const auto shrink = [](int side, int to, int from) {
        const auto scaled = (static_cast<std::int64_t>(side) * to + from / 2) / from;
        return std::max(1, static_cast<int>(scaled));
    };
    const bool is_wide = static_cast<std::int64_t>(picture.width) * box.height >=
                         static_cast<std::int64_t>(box.width) * picture.height;
    return is_wide ? Box{box.width, shrink(picture.height, box.width, picture.width)}
                   : Box{shrink(picture.width, box.height, picture.height), box.height};
}

Image read_scaled(const fs::path& source, Box box) {
    thumbnails::JpegReader reader(source);
    if (thumbnails::swaps_sides(reader.orientation())) {
        std::swap(box.width, box.height);
    }
    const Box size = fit({reader.width(), reader.height()}, box);
    const Image decoded = reader.read_at_least(size.width, size.height);
    return turned_upright(scaled_down(decoded, size.width, size.height), reader.orientation());
}

/// A file beside `target` that takes its name when it is complete. Killed before that, a process
/// leaves
/// `.NAME.PID.part` behind, which the next process of that number replaces.
class PartialFile {
public:
    explicit PartialFile(const fs::path& target)
        : target_(target),
          part_(
              target.parent_path() /
              ("." + target.filename().string() + "." + std::to_string(::getpid()) + ".part")) {
        ::unlink(part_.c_str());
        fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd_ < 0) {
            throw std::system_error(errno, std::generic_category());
        }
    }

    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;

    ~PartialFile() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        if (!complete_) {
            ::unlink(part_.c_str());
        }
    }

    void write(std::string_view content) const {
        while (!content.empty()) {
            const ssize_t n = ::write(fd_, content.data(), content.size());
            if (n < 0 && errno != EINTR) {
                throw std::system_error(errno, std::generic_category());
            }
            content.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
        }
    }

    void complete() {
        // A full disk may show only now.
        if (::close(std::exchange(fd_, -1)) != 0 || ::rename(part_.c_str(), target_.c_str()) != 0) {
            throw std::system_error(errno, std::generic_category());
        }
        complete_ = true;
    }

private:
    fs::path target_;
    fs::path part_;
    int fd_ = -1;
    bool complete_ = false;
};

void write_file(const fs::path& target, std::string_view content) {
    if (target.has_parent_path()) {
        fs::create_directories(target.parent_path());
    }
    PartialFile file(target);
    file.write(content);
    file.complete();
}

/// Puts the file's name before whatever is thrown about it.
template <typename Step>
auto about(const fs::path& file, const Step& step) {
    try {
        return step();
    } catch (const std::system_error& error) {
        throw std::runtime_error(file.string() + ": " + error.code().message());
    } catch (const std::exception& error) {
        throw std::runtime_error(file.string() + ": " + error.what());
    }
}

}  // namespace

Box thumbnail(const fs::path& source, const fs::path& target, Box box) {
    if (box.width < 1 || box.height < 1) {
        throw std::invalid_argument("a thumbnail is at least one pixel wide and high");
    }
    const Image image = about(source, [&] { return read_scaled(source, box); });
    about(target, [&] { write_file(target, thumbnails::encoded_jpeg(image, kQuality)); });
    return {image.width, image.height};
}

namespace {

void make_thumbnail(const fs::path& src, const fs::path& dst, int size) {
    const Box made = thumbnail(src, dst, {size, size});
    std::printf("%s: %d × %d\n", dst.c_str(), made.width, made.height);
}

}  // namespace

AIOMISC_JOB(
    make_thumbnail,
    about("Scales a photograph down to fit into a square."),
    param("src", "the photograph, a JPEG file"),
    param("dst", "the JPEG file to write"),
    param("size", "side of the square in pixels") = 256)
