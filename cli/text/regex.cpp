// SPDX-License-Identifier: MIT

// The only file that knows RE2.

#include <aiomisc/cli/text/regex.h>

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/report/printable.h>

#include <re2/re2.h>

namespace aiomisc::cli {
namespace {

RE2::Options options_of(bool ignore_case, RE2::Options::Encoding encoding) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!ignore_case);
    options.set_encoding(encoding);
    return options;
}

re2::StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}

std::optional<Regex::Match> find_from(const RE2& regex, std::string_view text, std::size_t from) {
    re2::StringPiece found;
    if (!regex.Match(piece(text), from, text.size(), RE2::UNANCHORED, &found, 1)) {
        return std::nullopt;
    }
    const auto begin = static_cast<std::size_t>(found.data() - text.data());
    return Regex::Match{.begin = begin, .end = begin + found.size()};
}

}  // namespace

struct Regex::Compiled {
    Compiled(const std::string& pattern, bool ignore_case)
        : characters(pattern, options_of(ignore_case, RE2::Options::EncodingUTF8)),
          bytes(pattern, options_of(ignore_case, RE2::Options::EncodingLatin1)) {}

    // A pattern may itself be no UTF-8.
    [[nodiscard]] const RE2& for_text(std::string_view text) const {
        return characters.ok() && is_utf8(text) ? characters : bytes;
    }

    RE2 characters;
    RE2 bytes;
};

Regex::Regex(const std::string& pattern, bool ignore_case)
    : compiled_(std::make_shared<Compiled>(pattern, ignore_case)) {
    if (!compiled_->bytes.ok()) {
        throw UsageError("bad regular expression '" + pattern + "': " + compiled_->bytes.error());
    }
}

std::optional<Regex::Match> Regex::find(std::string_view text) const {
    return find_from(compiled_->for_text(text), text, 0);
}

std::vector<Regex::Match> Regex::matches(std::string_view text) const {
    const RE2& regex = compiled_->for_text(text);
    std::vector<Match> found;
    std::size_t from = 0;
    while (const auto match = find_from(regex, text, from)) {
        from = match->end;
        if (match->end > match->begin) {
            found.push_back(*match);
            continue;
        }
        // To the next character, not into it.
        do {
            ++from;
        } while (from < text.size() && (text[from] & 0xc0) == 0x80 && &regex != &compiled_->bytes);
        if (from > text.size()) {
            break;
        }
    }
    return found;
}

std::string Regex::replaced(std::string_view text, const std::string& rewrite, bool every) const {
    std::string result(text);
    const RE2& regex = compiled_->for_text(text);
    if (every) {
        RE2::GlobalReplace(&result, regex, rewrite);
    } else {
        RE2::Replace(&result, regex, rewrite);
    }
    return result;
}

void Regex::check_rewrite(const std::string& rewrite) const {
    std::string error;
    if (!compiled_->bytes.CheckRewriteString(rewrite, &error)) {
        throw UsageError("bad replacement: " + error);
    }
}

std::string escape_rewrite(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        escaped.append(c == '\\' ? 2 : 1, c);
    }
    return escaped;
}

}  // namespace aiomisc::cli
