// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/log/log.h>

namespace aiomisc::log {

detail::OwnedField::OwnedField(const Field& field) : key(field.key), value(field.value) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        value = std::string(*text);
    }
}

Field detail::OwnedField::view() const {
    if (const auto* text = std::get_if<std::string>(&value)) {
        return {key, std::string_view(*text)};
    }
    return {key, std::get<Value>(value)};
}

With With::with(std::initializer_list<Field> fields) const {
    With result = *this;
    result.attached_.fields.reserve(attached_.fields.size() + fields.size());
    for (const Field& field : fields) {
        std::erase_if(
            result.attached_.fields, [&](const auto& old) { return old.key == field.key; });
        result.attached_.fields.emplace_back(field);
    }
    return result;
}

With With::with_exception(std::exception_ptr exception) const {
    With result = *this;
    result.attached_.exception = std::move(exception);
    return result;
}

With with(std::initializer_list<Field> fields) {
    return With().with(fields);
}

With with_exception(std::exception_ptr exception) {
    return With().with_exception(std::move(exception));
}

}  // namespace aiomisc::log
