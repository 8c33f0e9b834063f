// SPDX-License-Identifier: MIT
#include <aiomisc/worker/registry/registry.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/error.h>

#include <dlfcn.h>

using namespace aiomisc::detail;
using aiomisc::ConfigError;
using aiomisc::test::contains;
using aiomisc::test::TempDir;

namespace {

int twice(int value) {
    return value * 2;
}

int thrice(int value) {
    return value * 3;
}

const Thunk& thunk_of_twice() {
    return FunctionSignature<&twice>::Thunk::kRegistration.thunk();
}

const Thunk& thunk_of_thrice() {
    return FunctionSignature<&thrice>::Thunk::kRegistration.thunk();
}

/// Keeps the bytes of a result.
class Frame final : public CallFrame {
public:
    void enter(CallPhase phase) noexcept override { phases.push_back(phase); }

    std::vector<CallPhase> phases;
    aiomisc::ipc::Buffer buffer;

private:
    aiomisc::ipc::FixedArea* fixed_area() noexcept override { return nullptr; }

    aiomisc::ipc::Buffer& spilled() override { return buffer; }
};

}  // namespace

TEST_CASE("a function is found by its key, and each has its own") {
    const FunctionKey key = key_of(thunk_of_twice());
    CHECK(key.module != 0);
    CHECK(find_thunk(key) == &thunk_of_twice());
    CHECK(key_of(thunk_of_twice()) == key);
    const FunctionKey other = key_of(thunk_of_thrice());
    CHECK(other.module == key.module);
    CHECK(other.offset != key.offset);
    CHECK(find_thunk(other) == &thunk_of_thrice());
}

TEST_CASE("a callable without captures has a key as well") {
    const auto add = [](int left, int right) { return left + right; };
    using Signature = SignatureOf<decltype(add)>;
    const Thunk& thunk = Signature::Thunk::kRegistration.thunk();
    CHECK(find_thunk(key_of(thunk)) == &thunk);
    STATIC_REQUIRE(CapturelessCallable<decltype(add)>);
    int captured = 1;
    const auto capturing = [captured](int value) { return value + captured; };
    STATIC_REQUIRE_FALSE(CapturelessCallable<decltype(capturing)>);
    static_cast<void>(captured);
}

TEST_CASE("nothing is found by a key that nobody registered", "[P14][S8]") {
    const FunctionKey key = key_of(thunk_of_twice());
    CHECK(find_thunk({}) == nullptr);
    CHECK(find_thunk({key.module, 0}) == nullptr);
    CHECK(find_thunk({key.module, key.offset + 1}) == nullptr);
    CHECK(find_thunk({key.module, key.offset + sizeof(Thunk)}) != &thunk_of_twice());
    CHECK(find_thunk({key.module, UINT64_MAX}) == nullptr);
    CHECK(find_thunk({key.module + 1, key.offset}) == nullptr);
}

TEST_CASE("a thunk that is in no loaded module has no key") {
    const auto on_the_heap = std::make_unique<Thunk>(thunk_of_twice());
    CHECK_THROWS_AS(key_of(*on_the_heap), aiomisc::InvalidStateError);
}

TEST_CASE("a thunk decodes, calls, encodes, and says where it is") {
    aiomisc::ipc::Buffer arguments;
    FunctionSignature<&twice>::encode(arguments, 21);
    Frame frame;
    thunk_of_twice().call(std::as_const(arguments).span(), frame);
    CHECK(aiomisc::ipc::decode<int>(std::as_const(frame.buffer).span()) == 42);
    CHECK(frame.phases == std::vector{CallPhase::kSerialise, CallPhase::kRun, CallPhase::kResult});
}

TEST_CASE("the executable is a loaded module without a path") {
    const FunctionKey key = key_of(thunk_of_twice());
    CHECK(module_loaded(key.module));
    CHECK(path_of_module(key.module).empty());
    CHECK_FALSE(module_loaded(key.module + 1));
    load_module("/nowhere.so", key.module);  // it is loaded already: nothing to do
}

TEST_CASE("a module that cannot be loaded, or is another, is refused with the reason") {
    const TempDir folder;
    const auto text = folder.write("text.so", "no module");
    try {
        load_module(text.string(), 1);
        FAIL("loaded");
    } catch (const ConfigError& error) {
        CHECK_THAT(error.what(), contains("text.so"));
    }
    CHECK_THROWS_AS(load_module((folder / "missing.so").string(), 1), ConfigError);
    try {
        load_module(AIOMISC_TEST_MODULE, 1);
        FAIL("loaded");
    } catch (const ConfigError& error) {
        CHECK_THAT(error.what(), contains("build id differs"));
        CHECK_THAT(error.what(), contains(AIOMISC_TEST_MODULE));
    }
    CHECK_FALSE(module_loaded(1));
}

TEST_CASE("a module is found by the build id once it is loaded") {
    void* handle = ::dlopen(AIOMISC_TEST_MODULE, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(handle != nullptr);
    const auto* thunk = static_cast<const Thunk*>(::dlsym(handle, "thunk_in_module"));
    REQUIRE(thunk != nullptr);
    const FunctionKey key = key_of(*thunk);
    CHECK(key.module != key_of(thunk_of_twice()).module);
    CHECK(path_of_module(key.module) == AIOMISC_TEST_MODULE);
    load_module(AIOMISC_TEST_MODULE, key.module);
    CHECK(module_loaded(key.module));
    ::dlclose(handle);
}
