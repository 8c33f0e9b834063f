// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

/// A rectangle, in pixels.
struct Box {
    int width = 0;
    int height = 0;

    friend bool operator==(const Box&, const Box&) = default;
};

/// Writes `source`, a JPEG file, scaled down to fit into `box` to `target`, a JPEG file; returns
/// its size.
///
/// The picture is turned upright by its EXIF orientation and keeps its proportions; a small one is
/// not scaled up. `target` appears whole or not at all: other processes never see half a file. Its
/// directory is made if it does not exist.
///
/// Errors: std::runtime_error, whose message begins with the file's name and goes on with libjpeg's
/// or the
///         operating system's reason. A file that is damaged or cut off is an error.
Box thumbnail(const std::filesystem::path& source, const std::filesystem::path& target, Box box);
