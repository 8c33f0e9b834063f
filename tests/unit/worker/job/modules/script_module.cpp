// SPDX-License-Identifier: MIT
// A job script that is a job as well: two declarations, one descriptor, one file.
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/worker/job/job.h>

namespace {

void single() {}

aiomisc::Task<int> amain(aiomisc::JobArguments arguments) {
    co_return static_cast<int>(arguments.words.size());
}

}  // namespace

AIOMISC_JOB(single)
AIOMISC_MAIN(amain)
