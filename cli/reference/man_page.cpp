// SPDX-License-Identifier: MIT
#include <aiomisc/cli/reference/man_page.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace aiomisc::cli {
namespace {

/// Text that roff prints as it stands: an unescaped `-` or `'` would be typeset as something that
/// cannot be copied to a shell.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        switch (letter) {
            case '\\':
                out += "\\e";
                break;
            case '-':
                out += "\\-";
                break;
            case '\'':
                out += "\\(aq";
                break;
            case '`':
                out += "\\(ga";
                break;
            case '^':
                out += "\\(ha";
                break;
            case '~':
                out += "\\(ti";
                break;
            case '"':
                out += "\\(dq";
                break;
            default:
                out += letter;
        }
    }
    // A line that begins with a dot is a request.
    return out.starts_with('.') ? "\\&" + out : out;
}

std::string upper_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) {
        return static_cast<char>(std::toupper(letter));
    });
    return text;
}

std::string bold(std::string_view text) {
    return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + escaped(text) + "\\fR";
}

void write_heading(std::string& out, std::string_view title) {
    out += ".SH " + upper_case(escaped(title)) + '\n';
}

void write_term(std::string& out, const std::string& term, std::string_view meaning) {
    out += ".TP\n" + term + '\n' + escaped(meaning) + '\n';
}

void write_option(std::string& out, const DocumentedOption& option) {
    std::string term;
    for (const std::string& name : option.names) {
        term += (term.empty() ? "" : ", ") + bold(name);
    }
    if (!option.value.empty()) {
        term += (option.value.starts_with('[') ? "" : " ") + italic(option.value);
    }
    write_term(out, term, option.meaning);
}

void write_topic(std::string& out, const Topic& topic) {
    write_heading(out, topic.title);
    if (!topic.text.empty()) {
        out += escaped(topic.text) + '\n';
    }
    for (const Entry& entry : topic.entries) {
        write_term(out, bold(entry.term), entry.meaning);
    }
}

}  // namespace

std::string man_page(const CommandReference& reference) {
    // No date: the same sources make the same page.
    std::string out = ".TH " + upper_case(escaped(reference.name)) + " 1 \"\" \"aiomisc " +
                      escaped(reference.version) + "\" \"User Commands\"\n";
    write_heading(out, "Name");
    out += escaped(reference.name) + " \\- " + escaped(reference.summary) + '\n';
    write_heading(out, "Synopsis");
    out += ".nf\n";
    for (const std::string& form : reference.synopsis) {
        out += bold(reference.name) + ' ' + escaped(form) + '\n';
    }
    out += ".fi\n";
    write_heading(out, "Description");
    std::string_view separator;
    for (const std::string& paragraph : reference.description) {
        out += std::string(separator) + escaped(paragraph) + '\n';
        separator = ".PP\n";
    }
    write_heading(out, "Options");
    for (const OptionSection& section : reference.options) {
        out += ".SS " + escaped(section.title) + '\n';
        for (const DocumentedOption& option : section.options) {
            write_option(out, option);
        }
    }
    for (const Topic& topic : reference.topics) {
        write_topic(out, topic);
    }
    if (!reference.see_also.empty()) {
        write_heading(out, "See also");
        std::string_view comma;
        for (const std::string& page : reference.see_also) {
            const std::size_t section = page.find('(');
            out += std::string(comma) + bold(page.substr(0, section)) + page.substr(section);
            comma = ",\n";
        }
        out += '\n';
    }
    return out;
}

}  // namespace aiomisc::cli
