// SPDX-License-Identifier: MIT
// JPEG files for the tests of the thumbnails, made on the spot.
#pragma once

#include "thumbnails/image.h"
#include "thumbnails/jpeg.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

namespace thumbnails::test {

using Rgb = std::array<std::uint8_t, 3>;

inline constexpr Rgb kRed{255, 0, 0};
inline constexpr Rgb kGreen{0, 255, 0};
inline constexpr Rgb kBlue{0, 0, 255};
inline constexpr Rgb kWhite{255, 255, 255};

/// Four colored quarters: red and green above, blue and white below.
inline Image quarters(int width, int height) {
    Image image = blank_image(width, height, 3);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const bool left = x < width / 2;
            const Rgb& color = y < height / 2 ? (left ? kRed : kGreen) : (left ? kBlue : kWhite);
            std::ranges::copy(color, image.at(x, y));
        }
    }
    return image;
}

/// A picture without large plain areas: every part of its file matters.
inline Image noise(int width, int height, int channels = 3) {
    Image image = blank_image(width, height, channels);
    std::uint32_t state = 1;
    for (auto& value : image.pixels) {
        state = state * 1664525 + 1013904223;
        value = static_cast<std::uint8_t>(state >> 24);
    }
    return image;
}

/// `jpeg` with an EXIF block that holds nothing but an orientation, in either byte order.
inline std::string with_orientation(const std::string& jpeg, int orientation, bool big_endian) {
    const auto number = [big_endian](unsigned value, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i) {
            const int shift = 8 * (big_endian ? bytes - 1 - i : i);
            text += static_cast<char>((value >> shift) & 0xff);
        }
        return text;
    };
    std::string exif("Exif\0\0", 6);
    exif += (big_endian ? "MM" : "II") + number(42, 2) + number(8, 4);       // TIFF header
    exif += number(1, 2) + number(0x0112, 2) + number(3, 2) + number(1, 4);  // one entry: a short
    exif += number(static_cast<unsigned>(orientation), 2) + number(0, 2) + number(0, 4);
    const std::size_t length = exif.size() + 2;
    const std::string header{
        '\xff', '\xe1', static_cast<char>(length >> 8), static_cast<char>(length & 0xff)};
    return jpeg.substr(0, 2) + header + exif + jpeg.substr(2);
}

/// A CMYK file of one color, as Adobe's programs store it (inverted, with their marker) or plainly.
inline std::string cmyk_jpeg(std::array<std::uint8_t, 4> stored, bool adobe) {
    detail::ErrorTrap trap;
    detail::Encoder encoder;
    encoder.err = &trap.manager;
    std::array<std::uint8_t, 4UL * 16> row{};
    for (std::size_t i = 0; i < row.size(); ++i) {
        row[i] = stored[i % 4];
    }
    detail::guarded(trap, [&] {
        jpeg_create_compress(&encoder);
        jpeg_mem_dest(&encoder, &encoder.file, &encoder.file_size);
        encoder.image_width = 16;
        encoder.image_height = 16;
        encoder.input_components = 4;
        encoder.in_color_space = JCS_CMYK;
        jpeg_set_defaults(&encoder);
        jpeg_set_quality(&encoder, 100, TRUE);
        encoder.write_Adobe_marker = adobe ? TRUE : FALSE;
        jpeg_start_compress(&encoder, TRUE);
        while (encoder.next_scanline < encoder.image_height) {
            JSAMPROW rows = row.data();
            jpeg_write_scanlines(&encoder, &rows, 1);
        }
        jpeg_finish_compress(&encoder);
    });
    return {reinterpret_cast<const char*>(encoder.file), encoder.file_size};
}

inline Image decoded(const std::filesystem::path& file) {
    JpegReader reader(file);
    return reader.read_at_least(reader.width(), reader.height());
}

/// Whether the pixel in the middle of a quarter (0, 0 is left above) has about that color.
inline bool quarter_is(const Image& image, int column, int row, const Rgb& color) {
    const std::uint8_t* pixel =
        image.at(image.width * (2 * column + 1) / 4, image.height * (2 * row + 1) / 4);
    bool same = true;
    for (int channel = 0; channel < 3; ++channel) {
        same = same && std::abs(pixel[channel] - color[static_cast<std::size_t>(channel)]) < 24;
    }
    return same;
}

}  // namespace thumbnails::test
