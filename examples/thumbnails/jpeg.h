// SPDX-License-Identifier: MIT
// JPEG files on libjpeg-turbo, the orientation on libexif.
//
// libjpeg reports errors by a callback that must not return. It jumps back to guarded(), over C
// frames of libjpeg alone: nothing with a destructor lives in what is jumped over. The callers
// throw.
#pragma once

#include "image.h"

#include <array>
#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <libexif/exif-data.h>

// jpeglib.h needs FILE and size_t declared before it.
#include <jpeglib.h>

// jerror.h declares the codes of the messages.
#include <jerror.h>

namespace thumbnails {

namespace detail {

struct ErrorTrap {
    jpeg_error_mgr manager{};  // libjpeg keeps a pointer to it: the first member
    std::jmp_buf jump{};
    std::array<char, JMSG_LENGTH_MAX> message{};

    ErrorTrap() {
        jpeg_std_error(&manager);
        manager.error_exit = [](j_common_ptr codec) {
            auto* const trap = reinterpret_cast<ErrorTrap*>(codec->err);
            codec->err->format_message(codec, trap->message.data());
            std::longjmp(trap->jump, 1);
        };
        manager.emit_message = [](j_common_ptr codec, int level) {
            if (level < 0 && !is_harmless(codec->err->msg_code)) {
                codec->err->error_exit(codec);
            }
        };
    }

    /// Warnings about what stands between or beside the picture's data, which cameras write. All
    /// others mean that pixels are missing or wrong, and libjpeg would make up gray ones.
    static bool is_harmless(int message) {
        return message == JWRN_EXTRANEOUS_DATA || message == JWRN_JFIF_MAJOR ||
               message == JWRN_ADOBE_XFORM;
    }
};

/// Runs a step of libjpeg; a `std::runtime_error` with its message if it fails.
///
/// The step must not create anything with a destructor, nor change locals of this function's caller
/// that are used afterwards unless they are passed by reference.
template <typename Step>
void guarded(ErrorTrap& trap, const Step& step) {
    if (setjmp(trap.jump) != 0) {  // NOLINT(cert-err52-cpp): how libjpeg reports errors
        throw std::runtime_error(trap.message.data());
    }
    step();
}

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

/// A codec of libjpeg's, with what it allocated. Those of a codec that was never created are null.
struct Decoder : jpeg_decompress_struct {
    Decoder() : jpeg_decompress_struct{} {}

    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    ~Decoder() { jpeg_destroy_decompress(this); }
};

struct Encoder : jpeg_compress_struct {
    Encoder() : jpeg_compress_struct{} {}

    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    ~Encoder() {
        jpeg_destroy_compress(this);
        std::free(file);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg allocated it
    }

    unsigned char* file = nullptr;
    unsigned long file_size = 0;  // NOLINT(google-runtime-int): libjpeg's type
};

/// EXIF's orientation, 1 if the picture has none that makes sense.
inline int orientation_of(const jpeg_decompress_struct& decoder) {
    for (const auto* marker = decoder.marker_list; marker != nullptr; marker = marker->next) {
        if (marker->marker != JPEG_APP0 + 1 || marker->data_length < 6 ||
            std::memcmp(marker->data, "Exif\0", 6) != 0) {
            continue;
        }
        const std::unique_ptr<ExifData, decltype(&exif_data_unref)> exif(
            exif_data_new_from_data(marker->data, marker->data_length), &exif_data_unref);
        if (!exif) {
            continue;
        }
        const ExifEntry* const entry =
            exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
        if (entry != nullptr && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2) {
            const int value = exif_get_short(entry->data, exif_data_get_byte_order(exif.get()));
            return value >= 1 && value <= 8 ? value : 1;
        }
    }
    return 1;
}

/// Ink to light. Adobe's programs store CMYK inverted, which makes it nearly RGB already.
inline Image rgb_from_cmyk(std::span<const JSAMPLE> cmyk, int width, int height, bool inverted) {
    Image image = blank_image(width, height, 3);
    for (std::size_t i = 0; i * 4 < cmyk.size(); ++i) {
        const auto light = [&](std::size_t channel) {
            const int value = cmyk[i * 4 + channel];
            return inverted ? value : 255 - value;
        };
        for (std::size_t channel = 0; channel < 3; ++channel) {
            image.pixels[i * 3 + channel] =
                static_cast<std::uint8_t>((light(channel) * light(3) + 127) / 255);
        }
    }
    return image;
}

}  // namespace detail

/// Reads one JPEG file.
///
/// Errors:    std::runtime_error (no JPEG, damaged, cut off), std::system_error (cannot be opened);
/// neither
///            names the file.
class JpegReader {
public:
    explicit JpegReader(const std::filesystem::path& file)
        : file_(std::fopen(file.c_str(), "rbe")) {
        if (!file_) {
            throw std::system_error(errno, std::generic_category());
        }
        decoder_.err = &trap_.manager;
        detail::guarded(trap_, [this] {
            jpeg_create_decompress(&decoder_);
            jpeg_stdio_src(&decoder_, file_.get());
            jpeg_save_markers(&decoder_, JPEG_APP0 + 1, 0xFFFF);
            jpeg_read_header(&decoder_, TRUE);
        });
        orientation_ = detail::orientation_of(decoder_);
    }

    [[nodiscard]] int width() const { return static_cast<int>(decoder_.image_width); }

    [[nodiscard]] int height() const { return static_cast<int>(decoder_.image_height); }

    [[nodiscard]] int orientation() const { return orientation_; }

    /// Decodes the picture, in eighths of its size as long as it is no smaller than asked for: most
    /// of the scaling happens before the pixels exist, which is several times faster.
    Image read_at_least(int width, int height) {
        decoder_.scale_denom = 8;
        decoder_.scale_num = 1;
        while (decoder_.scale_num < 8 &&
               (scaled(decoder_.image_width) < width || scaled(decoder_.image_height) < height)) {
            decoder_.scale_num *= 2;  // 3, 5, 6 and 7 eighths are not done with SIMD
        }
        const bool is_cmyk =
            decoder_.jpeg_color_space == JCS_CMYK || decoder_.jpeg_color_space == JCS_YCCK;
        if (is_cmyk) {
            decoder_.out_color_space = JCS_CMYK;
        } else if (decoder_.jpeg_color_space != JCS_GRAYSCALE) {
            decoder_.out_color_space = JCS_RGB;
        }
        detail::guarded(trap_, [this] { jpeg_start_decompress(&decoder_); });
        Image image = blank_image(
            static_cast<int>(decoder_.output_width),
            static_cast<int>(decoder_.output_height),
            decoder_.output_components);
        detail::guarded(trap_, [this, &image] {
            while (decoder_.output_scanline < decoder_.output_height) {
                JSAMPROW row = image.at(0, static_cast<int>(decoder_.output_scanline));
                jpeg_read_scanlines(&decoder_, &row, 1);
            }
            jpeg_finish_decompress(&decoder_);
        });
        return is_cmyk
                   ? detail::rgb_from_cmyk(
                         image.pixels, image.width, image.height, decoder_.saw_Adobe_marker != 0)
                   : image;
    }

private:
    /// A side of the picture at the present scale, as libjpeg rounds it.
    [[nodiscard]] int scaled(JDIMENSION side) const {
        return static_cast<int>((static_cast<std::uint64_t>(side) * decoder_.scale_num + 7) / 8);
    }

    std::unique_ptr<std::FILE, detail::CloseFile> file_;
    detail::ErrorTrap trap_;
    detail::Decoder decoder_;
    int orientation_ = 1;
};

/// Encodes a picture as a baseline JPEG file in memory.
inline std::string encoded_jpeg(const Image& image, int quality) {
    detail::ErrorTrap trap;
    detail::Encoder encoder;
    encoder.err = &trap.manager;
    detail::guarded(trap, [&] {
        jpeg_create_compress(&encoder);
        jpeg_mem_dest(&encoder, &encoder.file, &encoder.file_size);
        encoder.image_width = static_cast<JDIMENSION>(image.width);
        encoder.image_height = static_cast<JDIMENSION>(image.height);
        encoder.input_components = image.channels;
        encoder.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        jpeg_set_defaults(&encoder);
        jpeg_set_quality(&encoder, quality, TRUE);
        jpeg_start_compress(&encoder, TRUE);
        while (encoder.next_scanline < encoder.image_height) {
            // Declared before C had const: it is only read.
            auto* row = const_cast<JSAMPROW>(image.at(0, static_cast<int>(encoder.next_scanline)));
            jpeg_write_scanlines(&encoder, &row, 1);
        }
        jpeg_finish_compress(&encoder);
    });
    return {reinterpret_cast<const char*>(encoder.file), encoder.file_size};
}

}  // namespace thumbnails
