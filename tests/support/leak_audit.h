// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

/// After every test case: the same open descriptors, the same child processes, the same threads as
/// before it.
///
/// Linked into every test executable. A case that leaves something behind is reported on stderr
/// with what it left (`descriptor 7: socket:[4711]`), and the executable exits non-zero even if
/// every assertion held. What ends by itself a moment later (a thread joined but still listed, a
/// killed child being reaped by the code under test) is given a second to do so.
///
/// What may stay by design, like the zygote, which lives as long as its process, is announced:
///
///     leak_audit::allow_child(zygote.pid());
///     leak_audit::allow_descriptor(zygote.control_fd());
namespace aiomisc::test::leak_audit {

/// What a process holds at one moment.
struct Snapshot {
    std::map<int, std::string> descriptors;  ///< number → what /proc says it is
    std::map<pid_t, std::string> children;   ///< pid → command name; zombies included
    std::map<pid_t, std::string> threads;    ///< tid → thread name
};

/// Reads /proc/self. Affinity: any thread.
Snapshot take_snapshot();

/// One line for each thing that is in `after`, not in `before`, and was not allowed; and for each
/// descriptor that is gone or has become another file. Empty means clean.
std::vector<std::string> differences(const Snapshot& before, const Snapshot& after);

/// differences() against the present, repeated until empty or until a second has passed.
std::vector<std::string> leaks_since(const Snapshot& before);

/// Lets something outlive its test case, until the process ends.
void allow_child(pid_t pid);
void allow_descriptor(int fd);
void allow_thread(pid_t tid);

/// Declares that everything open or running now is no leak of the running case.
void rebase();

/// How many cases have leaked so far.
int leaky_cases();

}  // namespace aiomisc::test::leak_audit
