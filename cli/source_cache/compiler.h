// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace aiomisc::cli {

/// What turns a C++ source into a job module.
class Compiler {
public:
    /// Runs a command line to its end, with nothing to read and its output on stderr; returns its
    /// exit status.
    using Runner = std::function<int(const std::vector<std::string>& words)>;

    /// $CXX if it has a word, else the compiler that built this program; with the flags for our
    /// headers.
    static Compiler configured(Runner runner);

    /// `command` is the program and what stands right behind it (`ccache clang++`); `flags` stand
    /// before the source.
    Compiler(std::vector<std::string> command, std::vector<std::string> flags, Runner runner);

    /// Text that changes when another compiler, other flags or another environment would be used:
    /// the programs named in the command, with size and time, the flags, the variables that
    /// compilers read, and the current folder where one of these may name files relative to it.
    ///
    /// Errors:    Error (there is no such compiler).
    [[nodiscard]] std::vector<std::string> identity() const;

    struct Request {
        std::string source;
        std::string output;
        std::string dependency_file;     ///< gets the files that were read, in make's syntax
        std::vector<std::string> flags;  ///< behind the source, so that they can name libraries
    };

    /// Compiles, with diagnostics on stderr.
    ///
    /// Errors:    Error (the compiler failed, or is not there), SystemError; what the runner
    /// throws.
    void compile(const Request& request) const;

private:
    std::vector<std::string> command_;
    std::vector<std::string> flags_;
    Runner runner_;
};

/// The prerequisites in a dependency file as compilers write it for make.
std::vector<std::string> parse_dependencies(const std::string& text);

}  // namespace aiomisc::cli
