// SPDX-License-Identifier: MIT
// Writes the pictures that the test of the thumbnails example works on.
#include "jpeg_files.h"

#include <fstream>

namespace {

void write(const std::filesystem::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        return 2;
    }
    using namespace thumbnails::test;  // NOLINT(google-build-using-namespace): the tools of this
                                       // program
    const std::filesystem::path directory = argv[1];
    std::filesystem::create_directories(directory);
    const std::string landscape = thumbnails::encoded_jpeg(quarters(800, 400), 90);
    write(directory / "landscape.jpg", landscape);
    write(directory / "portrait.jpg", with_orientation(landscape, 6, true));
    const std::string noisy = thumbnails::encoded_jpeg(noise(300, 200), 90);
    write(directory / "broken.jpg", noisy.substr(0, noisy.size() / 2));
    return 0;
}
