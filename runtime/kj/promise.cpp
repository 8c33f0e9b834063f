// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/kj/promise.h>

#include <aiomisc/runtime/base/error.h>

#include <string>

#include <kj/exception.h>

namespace aiomisc::detail {

std::exception_ptr to_exception_ptr(const kj::Exception& exception) {
    const std::string text(exception.getDescription().cStr());
    if (exception.getType() == kj::Exception::Type::DISCONNECTED) {
        return std::make_exception_ptr(ClosedError(text));
    }
    return std::make_exception_ptr(ProtocolError(text));
}

kj::Exception to_kj_exception(const std::exception_ptr& error) {
    kj::Exception::Type type = kj::Exception::Type::FAILED;
    try {
        std::rethrow_exception(error);
    } catch (const ClosedError&) {
        type = kj::Exception::Type::DISCONNECTED;
    } catch (const TimeoutError&) {
        type = kj::Exception::Type::OVERLOADED;
    } catch (...) {
        type = kj::Exception::Type::FAILED;
    }
    return kj::Exception(
        type, __FILE__, __LINE__, kj::heapString(describe_exception(error).c_str()));
}

}  // namespace aiomisc::detail
