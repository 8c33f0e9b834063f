// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/planned_inputs.h>

#include <aiomisc/cli/input/total.h>
#include <aiomisc/cli/job/argument_space.h>
#include <aiomisc/runtime/base/error.h>

namespace aiomisc::cli {
namespace {

/// Stands for every number of a job, which is not known when its items are chosen.
constexpr std::uint64_t kAnyNumber = 9'999'999'999;

bool fits(const JobPlanner& planner, JobInput input, unsigned slots, std::size_t space) {
    input.seq = kAnyNumber;
    input.total = kAnyNumber;
    try {
        return fits_into(planner.plan(input, slots, 1), space);
    } catch (const Error&) {
        // With an item that cannot stand in a command: it is to fail alone.
        return false;
    }
}

}  // namespace

void adapt_to_plan(
    JobInputs& inputs, const JobPlanner& planner, const Options& options, unsigned slots) {
    if (planner.needs_total()) {
        inputs.provide_total(expected_total(options));
    }
    if (options.input.fill) {
        const std::size_t space = argument_space();
        inputs.set_room(
            {.fits = [&planner, slots, space](
                         const JobInput& input) { return fits(planner, input, slots, space); },
             .bytes = space,
             .slots = slots});
    }
}

}  // namespace aiomisc::cli
