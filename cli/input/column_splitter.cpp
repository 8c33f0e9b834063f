// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/column_splitter.h>

#include <aiomisc/cli/input/csv_scanner.h>
#include <aiomisc/cli/options/option_values.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/text/regex.h>
#include <aiomisc/runtime/base/error.h>

#include <string_view>
#include <utility>

namespace aiomisc::cli {
namespace {

class RegexColumns final : public ColumnSplitter {
public:
    explicit RegexColumns(Regex separator) : separator_(std::move(separator)) {}

    [[nodiscard]] Row split(const std::string& item) const override {
        Row columns;
        std::size_t begin = 0;
        for (const Regex::Match& match : separator_.matches(item)) {
            columns.push_back(item.substr(begin, match.begin - begin));
            begin = match.end;
        }
        columns.push_back(item.substr(begin));
        return columns;
    }

private:
    Regex separator_;
};

class CsvColumns final : public ColumnSplitter {
public:
    explicit CsvColumns(char separator) : separator_(separator) {}

    [[nodiscard]] Row split(const std::string& item) const override {
        std::string_view rest = item;
        // Where records end with a newline, those of other systems end with two characters.
        if (rest.ends_with('\r')) {
            rest.remove_suffix(1);
        }
        // Where this record ends is known already.
        CsvScanner scanner(separator_, separator_);
        Row columns{std::string()};
        for (const char c : rest) {
            switch (scanner.take(c)) {
                case CsvScanner::Meaning::kText:
                    columns.back() += c;
                    break;
                case CsvScanner::Meaning::kSyntax:
                    break;
                case CsvScanner::Meaning::kSeparator:
                case CsvScanner::Meaning::kEnd:
                    columns.emplace_back();
                    break;
                case CsvScanner::Meaning::kMisplaced:
                    fail(
                        columns,
                        "has a quote that neither begins nor ends it; write it twice, in quotes");
            }
        }
        if (scanner.in_quotes()) {
            fail(columns, "begins with a quote that is not closed");
        }
        return columns;
    }

private:
    [[noreturn]] static void fail(const Row& columns, const std::string& what) {
        throw Error("column " + std::to_string(columns.size()) + " " + what);
    }

    char separator_;
};

Regex expression(const std::string& separator) {
    Regex regex(separator);
    if (regex.find("")) {
        throw UsageError(
            "--colsep '" + separator +
            "' matches the empty text; a character that is meant literally needs a backslash");
    }
    return regex;
}

}  // namespace

char csv_separator(const ColumnOptions& options) {
    if (!options.separator) {
        return ',';
    }
    char separator = ',';
    try {
        separator = parse_delimiter(*options.separator);
    } catch (const UsageError& error) {
        throw UsageError("--colsep with --csv: " + std::string(error.what()));
    }
    if (separator == '"' || separator == '\n' || separator == '\r') {
        throw UsageError("--colsep with --csv: fields cannot be separated by quotes or line ends");
    }
    return separator;
}

std::unique_ptr<ColumnSplitter> ColumnSplitter::make(const ColumnOptions& options) {
    if (options.csv) {
        return std::make_unique<CsvColumns>(csv_separator(options));
    }
    if (options.separator) {
        return std::make_unique<RegexColumns>(expression(*options.separator));
    }
    return options.header ? std::make_unique<RegexColumns>(Regex("\t")) : nullptr;
}

}  // namespace aiomisc::cli
