// SPDX-License-Identifier: MIT
// Thumbnails of all photographs in a directory, each made by a call to a worker process. A
// photograph that is damaged, or that crashes the decoder, costs its own thumbnail and nothing
// else.
//
//     thumbnails SOURCE-DIRECTORY TARGET-DIRECTORY
#include "thumbnail.h"

#include <aiomisc/aiomisc.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace fs = std::filesystem;

std::vector<fs::path> images_in(const fs::path& directory) {
    std::vector<fs::path> images;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const fs::path extension = entry.path().extension();
        if (extension == ".jpg" || extension == ".jpeg" || extension == ".JPG") {
            images.push_back(entry.path());
        }
    }
    std::ranges::sort(images);
    return images;
}

/// Prints how each thumbnail ended; returns the exit status.
int report(const std::vector<fs::path>& images, const std::vector<aiomisc::Settled<Box>>& settled) {
    int failed = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const std::string name = images[i].filename().string();
        if (settled[i].has_value()) {
            const Box box = settled[i].value();
            std::printf("%s: %d × %d\n", name.c_str(), box.width, box.height);
        } else {
            const std::string reason = aiomisc::describe_exception(settled[i].error());
            std::printf("%s: failed: %s\n", name.c_str(), reason.c_str());
            ++failed;
        }
    }
    std::printf(
        "%zu thumbnails, %d failed\n", images.size() - static_cast<std::size_t>(failed), failed);
    return failed == 0 ? 0 : 1;
}

aiomisc::Task<int> amain(fs::path source, fs::path target) {
    const std::vector<fs::path> images = images_in(source);
    aiomisc::WorkerPool pool({.workers = 4});
    co_await pool.start();

    std::vector<aiomisc::TaskHandle<Box>> thumbnails;
    thumbnails.reserve(images.size());
    for (const fs::path& image : images) {
        thumbnails.push_back(
            pool.create_task<thumbnail>(image, target / image.filename(), Box{128, 128}));
    }
    const auto settled = co_await aiomisc::gather_settled(std::move(thumbnails));
    co_await pool.close();
    co_return report(images, settled);
}

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s SOURCE-DIRECTORY TARGET-DIRECTORY\n", argv[0]);
        return 2;
    }
    return aiomisc::run(argc, argv, amain(argv[1], argv[2]));
}
