// SPDX-License-Identifier: MIT
#include "integration/service_harness.h"

#include <fstream>
#include <sstream>

namespace aiomisc::test {

pid_t parent_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat);
    const std::size_t name_end = stat.rfind(") ");
    char state = 0;
    pid_t parent = 0;
    if (name_end != std::string::npos) {
        std::istringstream(stat.substr(name_end + 2)) >> state >> parent;
    }
    return parent;
}

std::string process_name(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

double service_metric(std::string_view service, std::string_view metric) {
    for (const StatisticValue& value : get_statistics<ProcessServiceStatistic>()) {
        if (value.name == service && value.metric == metric) {
            return value.value;
        }
    }
    throw std::runtime_error("no such metric");
}

}  // namespace aiomisc::test
