// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/input/source_spec.h>

#include <span>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// The words that begin a source; with a `+` behind, one linked to the source before it.
struct Separators {
    std::string items = ":::";
    std::string files = "::::";

    [[nodiscard]] bool contains(const std::string& word) const;
};

/// The words behind the options: the command template, then the sources.
struct SplitWords {
    std::vector<std::string> command;
    std::vector<SourceSpec> sources;
};

/// Cuts the words at the separators. Each file is a source of its own; those of one `::::+` are all
/// linked.
///
/// Errors:    UsageError (a linked source with none before it).
SplitWords split_sources(std::span<const std::string> words, const Separators& separators);

}  // namespace aiomisc::cli
