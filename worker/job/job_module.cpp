// SPDX-License-Identifier: MIT
#include <aiomisc/worker/job/job_module.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <dlfcn.h>

namespace aiomisc {

namespace {

// Statuses above are taken: 126 and 127 by the shell, 128 and more by signals.
constexpr int kMaxJobStatus = 125;

std::string usage_word(const job::ParameterInfo& parameter) {
    const std::string word =
        fmt::format("{}={}", parameter.name, parameter.repeatable ? "…" : "{}");
    return parameter.required ? word : fmt::format("[{}=…]", parameter.name);
}

std::string remark(const job::ParameterInfo& parameter) {
    std::string text(parameter.about);
    const auto add = [&text](std::string_view more) {
        text += fmt::format("{}({})", text.empty() ? "" : " ", more);
    };
    if (parameter.required) {
        add(parameter.repeatable ? "once or more" : "required");
    } else if (parameter.repeatable) {
        add("any number of times");
    }
    if (!parameter.default_value.empty()) {
        add(fmt::format("default: {}", parameter.default_value));
    }
    return text;
}

}  // namespace

JobModule JobModule::load(const std::filesystem::path& file) {
    ModuleNote note = read_module_note(file);
    // An absolute name: one without a slash would be looked for in the library path.
    std::filesystem::path absolute = std::filesystem::absolute(file);
    const auto refuse = [&absolute](std::string_view reason) {
        return ConfigError(absolute.string(), "job module", reason);
    };
    void* const handle = ::dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        throw refuse(::dlerror());  // NOLINT(concurrency-mt-unsafe): glibc keeps it per thread
    }
    using GetModule = const job::Module* (*)();
    const auto get_module = reinterpret_cast<GetModule>(::dlsym(handle, job::kModuleSymbol));
    if (get_module == nullptr) {
        throw refuse(fmt::format("does not export {}", job::kModuleSymbol));
    }
    const job::Module* const module = get_module();
    if (module == nullptr || module->abi != note.abi || (module->job != nullptr) != note.has_job ||
        (module->main != nullptr) != note.has_main) {
        throw refuse("offers something else than its note says");
    }
    return {std::move(absolute), std::move(note), module};
}

std::string JobModule::describe() const {
    std::string text;
    if (job() != nullptr) {
        text += describe_job(*job());
    }
    if (main() != nullptr) {
        text += fmt::format("{}a job script: takes any words\n", text.empty() ? "" : "\n");
    }
    text += fmt::format(
        "\nmodule {}\nabi {}, build id {}\n",
        file_.string(),
        note_.abi,
        note_.build_id.empty() ? "none" : note_.build_id);
    return text;
}

std::string describe_job(const job::Job& job) {
    const auto parameters = job.parameters();
    std::string text(job.name());
    if (!job.about().empty()) {
        text += fmt::format(": {}", job.about());
    }
    text += "\n";
    if (parameters.empty()) {
        return text + "\nno parameters\n";
    }

    std::size_t name_width = 0;
    std::size_t type_width = 0;
    text += "\nusage:";
    for (const job::ParameterInfo& parameter : parameters) {
        name_width = std::max(name_width, parameter.name.size());
        type_width = std::max(type_width, parameter.type.size());
        text += fmt::format(" {}", usage_word(parameter));
    }
    text += "\n\n";
    for (const job::ParameterInfo& parameter : parameters) {
        std::string line = fmt::format(
            "  {:{}}  {:{}}  {}",
            parameter.name,
            name_width,
            parameter.type,
            type_width,
            remark(parameter));
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

int run_job(const job::Job& job, JobContext& context, std::span<const job::Argument> arguments) {
    const int status = job.run(context, arguments);
    if (status < 0 || status > kMaxJobStatus) {
        throw std::out_of_range(fmt::format(
            "{} returned {}: a job's status is between 0 and {}",
            job.name(),
            status,
            kMaxJobStatus));
    }
    return status;
}

}  // namespace aiomisc
