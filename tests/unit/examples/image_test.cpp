// SPDX-License-Identifier: MIT
#include "thumbnails/image.h"

#include "support/catch.h"

using thumbnails::blank_image;
using thumbnails::Image;
using thumbnails::scaled_down;
using thumbnails::turned_upright;

namespace {

Image gray(int width, int height, std::vector<std::uint8_t> pixels) {
    return {width, height, 1, std::move(pixels)};
}

}  // namespace

TEST_CASE("scaling down takes the mean of the area that a pixel covers") {
    CHECK(
        scaled_down(gray(4, 2, {0, 100, 0, 0, 100, 200, 0, 8}), 2, 1).pixels ==
        std::vector<std::uint8_t>{100, 2});
    // 3 → 2: each target pixel covers one and a half
    CHECK(scaled_down(gray(3, 1, {0, 90, 180}), 2, 1).pixels == std::vector<std::uint8_t>{30, 150});
    CHECK(scaled_down(gray(1, 3, {0, 90, 180}), 1, 2).pixels == std::vector<std::uint8_t>{30, 150});
}

TEST_CASE("scaling down keeps a plain color as it is, at any ratio") {
    for (int from = 1; from <= 40; ++from) {
        for (int to = 1; to <= from; ++to) {
            Image plain = blank_image(from, from, 3);
            std::ranges::fill(plain.pixels, std::uint8_t{255});
            const Image scaled = scaled_down(plain, to, to);
            REQUIRE(scaled.width == to);
            REQUIRE(scaled.pixels.size() == scaled.offset(0, to));
            REQUIRE(std::ranges::all_of(scaled.pixels, [](int value) { return value == 255; }));
        }
    }
}

TEST_CASE("scaling down to the same size changes nothing") {
    const Image image = gray(2, 2, {1, 2, 3, 4});
    CHECK(scaled_down(image, 2, 2).pixels == image.pixels);
}

TEST_CASE("each orientation puts the stored pixels where EXIF says") {
    // 1 2 3
    // 4 5 6
    const Image stored = gray(3, 2, {1, 2, 3, 4, 5, 6});
    const std::vector<std::vector<std::uint8_t>> upright{
        {1, 2, 3, 4, 5, 6},
        {3, 2, 1, 6, 5, 4},
        {6, 5, 4, 3, 2, 1},
        {4, 5, 6, 1, 2, 3},
        {1, 4, 2, 5, 3, 6},
        {4, 1, 5, 2, 6, 3},
        {6, 3, 5, 2, 4, 1},
        {3, 6, 2, 5, 1, 4}};
    for (int orientation = 1; orientation <= 8; ++orientation) {
        INFO("orientation " << orientation);
        const Image image = turned_upright(stored, orientation);
        CHECK(image.pixels == upright[static_cast<std::size_t>(orientation - 1)]);
        CHECK(image.width == (orientation >= 5 ? 2 : 3));
        CHECK(image.height == (orientation >= 5 ? 3 : 2));
    }
}
