// SPDX-License-Identifier: MIT
#include <aiomisc/worker/registry/registry.h>

#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

namespace aiomisc::detail {

namespace {

struct Module {
    std::uint64_t id = 0;
    std::uintptr_t base = 0;
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::string path;
};

struct Registry {
    std::mutex mutex;
    std::unordered_set<const Thunk*> thunks;  // guarded by mutex
    std::vector<Module> modules;  // guarded by mutex; refreshed when something is not found
};

Registry& registry() {
    // Never destroyed: registrations of other translation units come and go around static
    // destruction.
    static auto& instance = *new Registry;
    return instance;
}

/// FNV-1a, for a module that was linked without a build id.
std::uint64_t hash_text(const char* text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (; *text != '\0'; ++text) {
        hash = (hash ^ static_cast<unsigned char>(*text)) * 0x100000001b3;
    }
    return hash;
}

/// Not instrumented: AddressSanitizer puts red zones between the notes of a module, which belong to
/// no object.
__attribute__((no_sanitize("address"))) std::optional<std::uint64_t> build_id_in(
    std::uintptr_t notes, std::size_t size) noexcept {
    // NOLINTBEGIN(performance-no-int-to-ptr): addresses, as the ELF headers give them
    while (size >= sizeof(ElfW(Nhdr))) {
        const auto& header = *reinterpret_cast<const ElfW(Nhdr)*>(notes);
        const std::size_t name_size = (header.n_namesz + 3U) & ~std::size_t{3};
        const std::size_t content_size = (header.n_descsz + 3U) & ~std::size_t{3};
        const std::size_t note_size = sizeof(ElfW(Nhdr)) + name_size + content_size;
        if (note_size > size) {
            break;
        }
        if (header.n_type == NT_GNU_BUILD_ID && header.n_descsz >= sizeof(std::uint64_t)) {
            // Notes are aligned for words of 32 bits.
            const auto* id =
                reinterpret_cast<const std::uint32_t*>(notes + sizeof(ElfW(Nhdr)) + name_size);
            return std::uint64_t{id[1]} << 32 | id[0];
        }
        notes += note_size;
        size -= note_size;
    }
    // NOLINTEND(performance-no-int-to-ptr)
    return std::nullopt;
}

int describe_module(dl_phdr_info* info, std::size_t, void* list) {
    Module module;
    module.base = info->dlpi_addr;
    module.path = info->dlpi_name;
    module.begin = UINTPTR_MAX;
    std::optional<std::uint64_t> id;
    for (int index = 0; index < info->dlpi_phnum; ++index) {
        const auto& header = info->dlpi_phdr[index];
        const std::uintptr_t address = info->dlpi_addr + header.p_vaddr;
        if (header.p_type == PT_LOAD) {
            module.begin = std::min(module.begin, address);
            module.end = std::max(module.end, address + header.p_memsz);
        } else if (header.p_type == PT_NOTE && !id) {
            id = build_id_in(address, header.p_memsz);
        }
    }
    module.id = id ? *id : hash_text(info->dlpi_name);
    static_cast<std::vector<Module>*>(list)->push_back(std::move(module));
    return 0;
}

void refresh_modules(Registry& state) {
    state.modules.clear();
    ::dl_iterate_phdr(&describe_module, &state.modules);
}

/// Finds a module, looking again at what is loaded if it is not known yet.
template <typename Predicate>
const Module* find_module(Registry& state, Predicate&& matches) {
    for (const bool refresh : {false, true}) {
        if (refresh) {
            refresh_modules(state);
        }
        for (const Module& module : state.modules) {
            if (matches(module)) {
                return &module;
            }
        }
    }
    return nullptr;
}

}  // namespace

ThunkRegistration::ThunkRegistration(const Thunk& thunk) noexcept : thunk_(thunk) {
    Registry& state = registry();
    const std::lock_guard lock(state.mutex);
    state.thunks.insert(&thunk);
}

FunctionKey key_of(const Thunk& thunk) {
    Registry& state = registry();
    const std::lock_guard lock(state.mutex);
    const auto address = reinterpret_cast<std::uintptr_t>(&thunk);
    const Module* module = find_module(state, [address](const Module& candidate) {
        return address >= candidate.begin && address < candidate.end;
    });
    if (module == nullptr) {
        throw InvalidStateError("a function to call in a worker lies in no loaded module");
    }
    return {module->id, address - module->base};
}

const Thunk* find_thunk(const FunctionKey& key) noexcept {
    Registry& state = registry();
    const std::lock_guard lock(state.mutex);
    const Module* module =
        find_module(state, [&key](const Module& candidate) { return candidate.id == key.module; });
    if (module == nullptr) {
        return nullptr;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): followed only when it is known to be one
    const auto* thunk = reinterpret_cast<const Thunk*>(module->base + key.offset);
    // Only what registered itself may be called, whatever the offset says.
    return state.thunks.contains(thunk) ? thunk : nullptr;
}

std::string path_of_module(std::uint64_t module) {
    Registry& state = registry();
    const std::lock_guard lock(state.mutex);
    const Module* found =
        find_module(state, [module](const Module& candidate) { return candidate.id == module; });
    return found == nullptr ? std::string() : found->path;
}

bool module_loaded(std::uint64_t module) noexcept {
    Registry& state = registry();
    const std::lock_guard lock(state.mutex);
    return find_module(state, [module](const Module& candidate) {
               return candidate.id == module;
           }) != nullptr;
}

void load_module(const std::string& path, std::uint64_t module) {
    if (module_loaded(module)) {
        return;
    }
    void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe): a worker has one thread
        throw ConfigError(
            path, "module of a function", reason == nullptr ? "cannot be loaded" : reason);
    }
    if (!module_loaded(module)) {
        ::dlclose(handle);
        throw ConfigError(
            path, "module of a function", "its build id differs from the one the parent loaded");
    }
}

}  // namespace aiomisc::detail
