// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/option_splitter.h>

#include <aiomisc/cli/options/gnu_options.h>
#include <aiomisc/cli/options/usage_error.h>

#include <string_view>
#include <utility>

namespace aiomisc::cli {
namespace {

constexpr std::string_view kHelpAbout = "--help=";

class OptionSplitter {
public:
    OptionSplitter(std::span<const std::string> words, const TakesValue& takes_value)
        : words_(words), takes_value_(takes_value) {}

    OptionWords split() {
        while (found_.count < words_.size()) {
            const std::string& word = words_[found_.count];
            if (word.size() < 2 || word[0] != '-') {
                break;
            }
            ++found_.count;
            if (word == "--") {
                found_.dashed = true;
                break;
            }
            if (word[1] == '-') {
                take_long(word);
            } else {
                take_bundle(word);
            }
        }
        return std::move(found_);
    }

private:
    [[nodiscard]] ValueUse value_use(const std::string& name) const {
        if (const auto known = takes_value_(name)) {
            return *known;
        }
        if (const auto reason = why_not_offered(name); !reason.empty()) {
            throw UsageError(name + ": " + std::string(reason));
        }
        throw UsageError("unknown option '" + name + "'");
    }

    void take_long(const std::string& word) {
        if (word.starts_with(kHelpAbout)) {
            const std::string topic = word.substr(kHelpAbout.size());
            if (!takes_value_("--help-" + topic)) {
                throw UsageError(
                    "--help knows 'all', 'man', 'bash' and 'zsh', not '" + topic + "'");
            }
            found_.tokens.emplace_back("--help-" + topic);
            return;
        }
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        const ValueUse use = value_use(name);
        if (use == ValueUse::kNone && equals != std::string::npos) {
            throw UsageError(name + " takes no value");
        }
        found_.tokens.push_back(name);
        found_.names.push_back(name);
        if (equals != std::string::npos) {
            found_.tokens.push_back(word.substr(equals + 1));
        } else if (use == ValueUse::kOptional) {
            found_.tokens.emplace_back();
        } else if (use == ValueUse::kRequired) {
            found_.tokens.push_back(next_word(name));
        }
    }

    void take_bundle(const std::string& word) {
        for (std::size_t at = 1; at < word.size(); ++at) {
            const std::string name{'-', word[at]};
            found_.tokens.push_back(name);
            found_.names.push_back(name);
            const ValueUse use = value_use(name);
            if (use == ValueUse::kOptional) {
                found_.tokens.emplace_back();
            } else if (use == ValueUse::kRequired) {
                found_.tokens.push_back(
                    at + 1 < word.size() ? word.substr(at + 1) : next_word(name));
                return;
            }
        }
    }

    std::string next_word(const std::string& name) {
        if (found_.count == words_.size()) {
            throw UsageError(name + " needs a value");
        }
        return words_[found_.count++];
    }

    std::span<const std::string> words_;
    const TakesValue& takes_value_;
    OptionWords found_;
};

}  // namespace

OptionWords split_options(std::span<const std::string> words, const TakesValue& takes_value) {
    return OptionSplitter(words, takes_value).split();
}

}  // namespace aiomisc::cli
