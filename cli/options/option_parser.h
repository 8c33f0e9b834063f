// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/option_splitter.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/source_words.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// Applies the options of a command line to an Options, in the order in which they stand there.
class OptionParser {
public:
    /// Binds to `options`, which must outlive the parser.
    explicit OptionParser(Options& options);
    OptionParser(const OptionParser&) = delete;
    OptionParser& operator=(const OptionParser&) = delete;
    ~OptionParser();

    /// See split_options(). Errors: UsageError.
    [[nodiscard]] OptionWords split(std::span<const std::string> words) const;

    /// Applies the tokens of split(). Errors: UsageError.
    void parse(std::vector<std::string> tokens);

    [[nodiscard]] const Separators& separators() const noexcept;

    /// False after --no-directives.
    [[nodiscard]] bool wants_directives() const noexcept;

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace aiomisc::cli
