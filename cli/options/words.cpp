// SPDX-License-Identifier: MIT
#include <aiomisc/cli/options/words.h>

#include <aiomisc/cli/options/usage_error.h>

#include <optional>

namespace aiomisc::cli {
namespace {

class WordSplitter {
public:
    explicit WordSplitter(std::string_view text) : text_(text) {}

    std::vector<std::string> split() {
        while (!text_.empty()) {
            take_unquoted();
        }
        end_word();
        return std::move(words_);
    }

private:
    char take() {
        const char taken = text_.front();
        text_.remove_prefix(1);
        return taken;
    }

    std::string& word() {
        if (!word_) {
            word_.emplace();
        }
        return *word_;
    }

    void end_word() {
        if (word_) {
            words_.push_back(std::move(*word_));
            word_.reset();
        }
    }

    void take_unquoted() {
        const char next = take();
        switch (next) {
            case ' ':
            case '\t':
            case '\n':
            case '\r':
                end_word();
                break;
            case '\'':
            case '"':
                take_quoted(next);
                break;
            case '\\':
                word() += text_.empty() ? '\\' : take();
                break;
            default:
                word() += next;
        }
    }

    void take_quoted(char quote) {
        word();  // '' is a word, too
        while (!text_.empty()) {
            char next = take();
            if (next == quote) {
                return;
            }
            if (quote == '"' && next == '\\' && !text_.empty() &&
                std::string_view("\\\"$`").find(text_.front()) != std::string_view::npos) {
                next = take();
            }
            word() += next;
        }
        throw UsageError(std::string("a quote ") + quote + " is not closed");
    }

    std::string_view text_;
    std::vector<std::string> words_;
    std::optional<std::string> word_;
};

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
    return WordSplitter(text).split();
}

}  // namespace aiomisc::cli
