// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/plain_text.h>

#include <algorithm>
#include <sstream>
#include <string_view>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kWidestTerm = 24;  // a longer one has a line for itself

/// Columns, of UTF-8 text without wide characters.
std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    }));
}

/// Writes words one after another, in lines that begin at `indent` and end before `width`.
class Paragraph {
public:
    Paragraph(std::string& out, std::size_t indent, std::size_t width)
        : out_(out), indent_(indent), width_(width) {}

    /// `column` is where the line already is.
    void write(const std::string& text, std::size_t column) {
        std::istringstream words(text);
        bool first = true;
        for (std::string word; words >> word; first = false) {
            const std::size_t blank = first ? 0 : 1;
            if (!first && column + blank + columns_of(word) > width_) {
                out_ += '\n' + std::string(indent_, ' ');
                column = indent_;
            } else {
                out_ += std::string(blank, ' ');
                column += blank;
            }
            out_ += word;
            column += columns_of(word);
        }
        out_ += '\n';
    }

private:
    std::string& out_;
    std::size_t indent_;
    std::size_t width_;
};

/// `term` on the left, its meaning beside it or, where the term is long, below.
void write_entry(
    std::string& out,
    const std::string& term,
    const std::string& meaning,
    std::size_t indent,
    std::size_t width) {
    out += std::string(kIndent, ' ') + term;
    std::size_t column = kIndent + columns_of(term);
    if (column + kIndent > indent) {
        out += '\n';
        column = 0;
    }
    out += std::string(indent - column, ' ');
    Paragraph(out, indent, width).write(meaning, indent);
}

std::string term_of(const DocumentedOption& option) {
    std::string term;
    for (const std::string& name : option.names) {
        term += (term.empty() ? "" : ", ") + name;
    }
    // An optional value stands in brackets, with its `=`.
    const std::string_view separator = option.value.starts_with('[') ? "" : " ";
    return option.value.empty() ? term : term + std::string(separator) + option.value;
}

std::size_t indent_for(const std::vector<Entry>& entries) {
    std::size_t widest = 0;
    for (const Entry& entry : entries) {
        const std::size_t columns = columns_of(entry.term);
        widest = std::max(widest, columns <= kWidestTerm ? columns : 0);
    }
    return kIndent + std::max<std::size_t>(widest, 4) + kIndent;
}

void write_topic(std::string& out, const Topic& topic, std::size_t width) {
    out += '\n' + topic.title + ":\n";
    if (!topic.text.empty()) {
        out += std::string(kIndent, ' ');
        Paragraph(out, kIndent, width).write(topic.text, kIndent);
    }
    const std::size_t indent = indent_for(topic.entries);
    for (const Entry& entry : topic.entries) {
        write_entry(out, entry.term, entry.meaning, indent, width);
    }
}

}  // namespace

std::string plain_text(const CommandReference& reference, std::size_t width) {
    width = std::clamp<std::size_t>(width, 40, 100);
    std::string out;
    std::string_view label = "usage: ";
    for (const std::string& form : reference.synopsis) {
        out += std::string(label) + reference.name + ' ' + form + '\n';
        label = "       ";
    }
    for (const std::string& paragraph : reference.description) {
        out += '\n';
        Paragraph(out, 0, width).write(paragraph, 0);
    }
    for (const OptionSection& section : reference.options) {
        Topic topic{.title = section.title, .text = {}, .entries = {}};
        for (const DocumentedOption& option : section.options) {
            topic.entries.push_back({.term = term_of(option), .meaning = option.meaning});
        }
        write_topic(out, topic, width);
    }
    for (const Topic& topic : reference.topics) {
        write_topic(out, topic, width);
    }
    return out;
}

}  // namespace aiomisc::cli
