// SPDX-License-Identifier: MIT

// Linked into tests that are declared SEQUENTIAL, which do not run under ThreadSanitizer: takes the
// place of libc's function, and ends the test that starts a thread.

#include <cstdio>
#include <cstdlib>

#include <pthread.h>

extern "C" int pthread_create(
    pthread_t* /*thread*/,
    const pthread_attr_t* /*attributes*/,
    void* (*)(void*)/*start*/,
    void* /*argument*/) {
    std::fputs(
        "a thread is started in a test that is declared SEQUENTIAL: take the word away from its "
        "aiomisc_add_test(), so that ThreadSanitizer sees it\n",
        stderr);
    std::abort();
}
