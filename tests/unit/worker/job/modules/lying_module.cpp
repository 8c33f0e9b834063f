// SPDX-License-Identifier: MIT
// The note of a job module without the symbol that goes with it.
#include <aiomisc/worker/job/descriptor.h>

extern "C"
    [[gnu::used, gnu::section(".note.aiomisc")]] alignas(4) const aiomisc::job::Note lying_note{
        .content = {.offers = aiomisc::job::kOffersJob}};
