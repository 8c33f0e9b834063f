// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/control_groups.h>

#include <fstream>
#include <sstream>
#include <string>

namespace aiomisc::process {

namespace {

namespace fs = std::filesystem;

void append_with_parents(
    std::vector<ControlGroup>& groups, const fs::path& root, fs::path group, bool unified) {
    for (;;) {
        groups.push_back({root / group.relative_path(), unified});
        if (!group.has_relative_path()) {
            return;
        }
        group = group.parent_path();
    }
}

bool names(const std::string& controllers, std::string_view controller) {
    std::istringstream list(controllers);
    for (std::string name; std::getline(list, name, ',');) {
        if (name == controller) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::vector<ControlGroup> control_groups(
    const fs::path& membership, const fs::path& root, std::string_view controller) {
    std::vector<ControlGroup> groups;
    std::ifstream file(membership);
    // Lines read `hierarchy:controllers:/path`; the unified hierarchy is number 0.
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string hierarchy;
        std::string controllers;
        std::string path;
        if (!std::getline(fields, hierarchy, ':') || !std::getline(fields, controllers, ':') ||
            !std::getline(fields, path)) {
            continue;
        }
        if (hierarchy == "0" && controllers.empty()) {
            append_with_parents(groups, root, path, true);
        } else if (names(controllers, controller)) {
            append_with_parents(groups, root / controller, path, false);
        }
    }
    return groups;
}

}  // namespace aiomisc::process
