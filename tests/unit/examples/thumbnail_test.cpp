// SPDX-License-Identifier: MIT
#include "thumbnails/thumbnail.h"

#include "jpeg_files.h"
#include "support/catch.h"
#include "support/temp_dir.h"

#include <map>
#include <string>

namespace fs = std::filesystem;

using aiomisc::test::contains;
using aiomisc::test::starts_with;
using aiomisc::test::TempDir;
using namespace thumbnails::test;  // NOLINT(google-build-using-namespace): the tools of this test

namespace {

std::string jpeg_of(const thumbnails::Image& image) {
    return thumbnails::encoded_jpeg(image, 95);
}

/// Names in a directory, hidden ones included.
std::vector<std::string> names_in(const fs::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
        names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
}

std::string failure_of(const fs::path& source, const fs::path& target) {
    try {
        thumbnail(source, target, {64, 64});
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a thumbnail fits into the box and keeps the proportions") {
    const TempDir dir;
    const auto size_of = [&dir](int width, int height, Box box) {
        const auto source = dir.write("photo.jpg", jpeg_of(quarters(width, height)));
        const Box told = thumbnail(source, dir / "out.jpg", box);
        const auto made = decoded(dir / "out.jpg");
        CHECK(told == Box{made.width, made.height});
        return told;
    };
    CHECK(size_of(400, 200, {100, 100}) == Box{100, 50});
    CHECK(size_of(200, 400, {100, 100}) == Box{50, 100});
    CHECK(size_of(1600, 1200, {128, 128}) == Box{128, 96});
    CHECK(size_of(100, 100, {64, 32}) == Box{32, 32});
    CHECK(size_of(101, 67, {33, 50}) == Box{33, 22});
    CHECK(size_of(1000, 2, {10, 10}) == Box{10, 1});  // never less than a pixel
}

TEST_CASE("a small picture is not scaled up") {
    const TempDir dir;
    for (const Box size : {Box{1, 1}, Box{30, 20}, Box{128, 128}}) {
        const auto source = dir.write("small.jpg", jpeg_of(noise(size.width, size.height)));
        CHECK(thumbnail(source, dir / "out.jpg", {128, 128}) == size);
    }
}

TEST_CASE("a picture is turned upright by its EXIF orientation") {
    const TempDir dir;
    const std::string plain = jpeg_of(quarters(400, 200));
    // What is seen: left above, right above, left below, right below.
    const std::map<int, std::array<Rgb, 4>> seen{
        {1, {kRed, kGreen, kBlue, kWhite}},
        {2, {kGreen, kRed, kWhite, kBlue}},
        {3, {kWhite, kBlue, kGreen, kRed}},
        {4, {kBlue, kWhite, kRed, kGreen}},
        {5, {kRed, kBlue, kGreen, kWhite}},
        {6, {kBlue, kRed, kWhite, kGreen}},
        {7, {kWhite, kGreen, kBlue, kRed}},
        {8, {kGreen, kWhite, kRed, kBlue}}};
    for (const bool big_endian : {false, true}) {
        for (const auto& [orientation, colors] : seen) {
            INFO("orientation " << orientation << (big_endian ? ", big endian" : ""));
            const auto source =
                dir.write("photo.jpg", with_orientation(plain, orientation, big_endian));
            const Box size = thumbnail(source, dir / "out.jpg", {100, 100});
            CHECK(size == (orientation >= 5 ? Box{50, 100} : Box{100, 50}));
            const auto image = decoded(dir / "out.jpg");
            for (int quarter = 0; quarter < 4; ++quarter) {
                CHECK(quarter_is(
                    image, quarter % 2, quarter / 2, colors[static_cast<std::size_t>(quarter)]));
            }
        }
    }
}

TEST_CASE("the box holds for the picture as it is seen, not as it is stored") {
    const TempDir dir;
    const std::string stored = jpeg_of(quarters(400, 200));
    const auto source = dir.write("photo.jpg", with_orientation(stored, 6, true));
    CHECK(thumbnail(source, dir / "out.jpg", {100, 20}) == Box{10, 20});
    CHECK(thumbnail(source, dir / "out.jpg", {20, 100}) == Box{20, 40});
}

TEST_CASE("an orientation that does not exist, or cannot be read, counts as upright") {
    const TempDir dir;
    const std::string plain = jpeg_of(quarters(40, 20));
    for (const int orientation : {0, 9, 65535}) {
        const auto source = dir.write("photo.jpg", with_orientation(plain, orientation, true));
        CHECK(thumbnail(source, dir / "out.jpg", {10, 10}) == Box{10, 5});
    }
    std::string damaged = with_orientation(plain, 6, true);
    damaged.replace(12, 4, "\xff\xff\xff\xff");  // the TIFF header
    CHECK(thumbnail(dir.write("photo.jpg", damaged), dir / "out.jpg", {10, 10}) == Box{10, 5});
}

TEST_CASE("a gray picture gives a gray thumbnail") {
    const TempDir dir;
    const auto source = dir.write("gray.jpg", jpeg_of(noise(300, 300, 1)));
    CHECK(thumbnail(source, dir / "out.jpg", {50, 50}) == Box{50, 50});
    CHECK(decoded(dir / "out.jpg").channels == 1);
}

TEST_CASE("a CMYK picture gives a thumbnail in red, green and blue") {
    const TempDir dir;
    // Red is magenta and yellow ink. Adobe's programs store 255 for no ink.
    const std::map<bool, std::array<std::uint8_t, 4>> red{
        {true, {255, 0, 0, 255}}, {false, {0, 255, 255, 0}}};
    for (const auto& [adobe, stored] : red) {
        INFO("adobe " << adobe);
        const auto source = dir.write("cmyk.jpg", cmyk_jpeg(stored, adobe));
        CHECK(thumbnail(source, dir / "out.jpg", {8, 8}) == Box{8, 8});
        CHECK(quarter_is(decoded(dir / "out.jpg"), 0, 0, kRed));
    }
}

TEST_CASE("a file that is cut off fails with its name and the reason, and leaves nothing behind") {
    const TempDir dir;
    const std::string whole = jpeg_of(noise(200, 150));
    fs::create_directory(dir / "out");
    for (const double part : {0.02, 0.1, 0.5, 0.9, 0.999}) {
        INFO("the first " << part * 100 << " %");
        const auto length = static_cast<std::size_t>(static_cast<double>(whole.size()) * part);
        const auto source = dir.write("cut.jpg", whole.substr(0, length));
        const std::string message = failure_of(source, dir / "out/cut.jpg");
        CHECK_THAT(message, starts_with(source.string() + ": "));
        CHECK_THAT(message, contains("remature end"));
        CHECK(names_in(dir / "out").empty());
    }
}

TEST_CASE("a file whose data is damaged fails instead of showing gray") {
    const TempDir dir;
    std::string damaged = jpeg_of(noise(200, 150));
    damaged.replace(damaged.size() / 2, 2, "\xff\xd9");  // the end of the picture, in its middle
    const std::string message = failure_of(dir.write("damaged.jpg", damaged), dir / "out.jpg");
    CHECK_THAT(message, contains("damaged.jpg: Corrupt JPEG data"));
    CHECK(names_in(dir.path()) == std::vector<std::string>{"damaged.jpg"});
}

TEST_CASE("bytes between the parts of a file, as cameras leave them, do no harm") {
    const TempDir dir;
    const std::string whole = jpeg_of(quarters(40, 20));
    const std::string padded = whole.substr(0, 2) + std::string(3, '\0') + whole.substr(2);
    CHECK(thumbnail(dir.write("padded.jpg", padded), dir / "out.jpg", {10, 10}) == Box{10, 5});
}

TEST_CASE("what is not a JPEG file is told by name") {
    const TempDir dir;
    CHECK_THAT(
        failure_of(dir.write("page.html", "<html></html>"), dir / "out.jpg"),
        contains("page.html: Not a JPEG file"));
    CHECK_THAT(failure_of(dir.write("empty.jpg", ""), dir / "out.jpg"), contains("empty.jpg: "));
    CHECK_THAT(
        failure_of(dir / "absent.jpg", dir / "out.jpg"),
        contains("absent.jpg: No such file or directory"));
    CHECK_THAT(failure_of(dir.path(), dir / "out.jpg"), starts_with(dir.path().string() + ": "));
    CHECK_FALSE(fs::exists(dir / "out.jpg"));
}

TEST_CASE("a thumbnail that cannot be written is told by its own name") {
    const TempDir dir;
    const auto source = dir.write("photo.jpg", jpeg_of(quarters(40, 20)));
    CHECK_THAT(
        failure_of(source, dir / "photo.jpg/out.jpg"),
        starts_with((dir / "photo.jpg/out.jpg").string()));
    fs::create_directory(dir / "taken.jpg");
    CHECK_THAT(failure_of(source, dir / "taken.jpg"), contains("taken.jpg: Is a directory"));
    CHECK(names_in(dir.path()) == std::vector<std::string>{"photo.jpg", "taken.jpg"});
}

TEST_CASE("a thumbnail replaces an older one when it is complete, and never before") {
    const TempDir dir;
    const auto target = dir.write("new/out.jpg", "older");
    CHECK_FALSE(failure_of(dir.write("bad.jpg", "x"), target).empty());
    CHECK(dir.read("new/out.jpg") == "older");
    thumbnail(dir.write("good.jpg", jpeg_of(quarters(40, 20))), target, {10, 10});
    CHECK(decoded(target).width == 10);
    CHECK(names_in(dir / "new") == std::vector<std::string>{"out.jpg"});
}

TEST_CASE("the directory of a thumbnail is made, and the source may be the target") {
    const TempDir dir;
    const auto photo = dir.write("photo.jpg", jpeg_of(quarters(40, 20)));
    thumbnail(photo, dir / "a/b/out.jpg", {10, 10});
    CHECK(decoded(dir / "a/b/out.jpg").width == 10);
    thumbnail(photo, photo, {20, 20});
    CHECK(decoded(photo).width == 20);
}

TEST_CASE("a box without room is refused") {
    CHECK_THROWS_AS(thumbnail("a.jpg", "b.jpg", {0, 10}), std::invalid_argument);
    CHECK_THROWS_AS(thumbnail("a.jpg", "b.jpg", {10, -1}), std::invalid_argument);
}
