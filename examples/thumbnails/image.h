// SPDX-License-Identifier: MIT
// Pictures in memory: turning them upright and scaling them down.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace thumbnails {

/// Rows from top to bottom, `channels` bytes a pixel: 1 (gray) or 3 (red, green, blue).
struct Image {
    int width = 0;
    int height = 0;
    int channels = 3;
    std::vector<std::uint8_t> pixels;

    [[nodiscard]] std::uint8_t* at(int x, int y) { return pixels.data() + offset(x, y); }

    [[nodiscard]] const std::uint8_t* at(int x, int y) const {
        return pixels.data() + offset(x, y);
    }

    [[nodiscard]] std::size_t offset(int x, int y) const {
        return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                static_cast<std::size_t>(x)) *
               static_cast<std::size_t>(channels);
    }
};

inline Image blank_image(int width, int height, int channels) {
    Image image{width, height, channels, {}};
    image.pixels.resize(image.offset(0, height));
    return image;
}

/// Whether an EXIF orientation puts the picture on its side.
inline bool swaps_sides(int orientation) {
    return orientation >= 5;
}

/// The picture as it is meant to be seen. Orientations are EXIF's 1 to 8: where row 0 and column 0
/// of what is stored belong.
inline Image turned_upright(const Image& stored, int orientation) {
    if (orientation == 1) {
        return stored;
    }
    const int right = stored.width - 1;
    const int bottom = stored.height - 1;
    Image upright = swaps_sides(orientation)
                        ? blank_image(stored.height, stored.width, stored.channels)
                        : blank_image(stored.width, stored.height, stored.channels);
    const auto source_of = [&](int x, int y) {
        switch (orientation) {
            case 2:
                return stored.at(right - x, y);
            case 3:
                return stored.at(right - x, bottom - y);
            case 4:
                return stored.at(x, bottom - y);
            case 5:
                return stored.at(y, x);
            case 6:
                return stored.at(y, bottom - x);
            case 7:
                return stored.at(right - y, bottom - x);
            default:
                return stored.at(right - y, x);
        }
    };
    for (int y = 0; y < upright.height; ++y) {
        for (int x = 0; x < upright.width; ++x) {
            std::copy_n(source_of(x, y), stored.channels, upright.at(x, y));
        }
    }
    return upright;
}

namespace detail {

/// How much of each source pixel goes into one target pixel; the weights add up to 1.
struct Contribution {
    int first = 0;
    std::vector<float> weights;
};

/// A target pixel covers `from / to` source pixels: it takes the mean of them, those at the edges
/// by the part that is covered.
inline std::vector<Contribution> contributions(int from, int to) {
    std::vector<Contribution> result(static_cast<std::size_t>(to));
    const double step = static_cast<double>(from) / to;
    for (int i = 0; i < to; ++i) {
        const double begin = i * step;
        const double end = std::min<double>(begin + step, from);
        Contribution& contribution = result[static_cast<std::size_t>(i)];
        contribution.first = static_cast<int>(begin);
        for (int x = contribution.first; x < end; ++x) {
            const double covered = std::min<double>(end, x + 1) - std::max<double>(begin, x);
            contribution.weights.push_back(static_cast<float>(covered / step));
        }
    }
    return result;
}

}  // namespace detail

/// The picture scaled down to `width` × `height` by area averaging, which neither aliases nor
/// rings.
inline Image scaled_down(const Image& source, int width, int height) {
    if (width == source.width && height == source.height) {
        return source;
    }
    const auto columns = detail::contributions(source.width, width);
    const auto rows = detail::contributions(source.height, height);
    const int channels = source.channels;
    Image target = blank_image(width, height, channels);
    std::vector<float> line(
        static_cast<std::size_t>(source.width) * static_cast<std::size_t>(channels));
    for (int y = 0; y < height; ++y) {
        const auto& row = rows[static_cast<std::size_t>(y)];
        std::ranges::fill(line, 0.0F);
        for (std::size_t k = 0; k < row.weights.size(); ++k) {
            const std::uint8_t* from = source.at(0, row.first + static_cast<int>(k));
            for (std::size_t i = 0; i < line.size(); ++i) {
                line[i] += row.weights[k] * static_cast<float>(from[i]);
            }
        }
        for (int x = 0; x < width; ++x) {
            const auto& column = columns[static_cast<std::size_t>(x)];
            for (int channel = 0; channel < channels; ++channel) {
                float sum = 0;
                std::size_t i = static_cast<std::size_t>(column.first * channels + channel);
                for (const float weight : column.weights) {
                    sum += weight * line[i];
                    i += static_cast<std::size_t>(channels);
                }
                target.at(x, y)[channel] =
                    static_cast<std::uint8_t>(std::clamp(std::lround(sum), 0L, 255L));
            }
        }
    }
    return target;
}

}  // namespace thumbnails
