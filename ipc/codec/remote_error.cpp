// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/remote_error.h>

#include <string>
#include <utility>

namespace aiomisc {

RemoteError::RemoteError(std::string type_name, std::string message, std::string trace)
    : Error(message.empty() ? type_name : type_name + ": " + message),
      type_name_(std::move(type_name)),
      message_(std::move(message)),
      trace_(std::move(trace)) {}

}  // namespace aiomisc
