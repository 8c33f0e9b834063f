// SPDX-License-Identifier: MIT
// A job for aiomisc-run that does nothing: what is measured is the way to it and back.
#include <aiomisc/job.h>

#include <cstdio>
#include <string>

static void noop(const std::string& x, bool print) {
    if (print) {
        std::puts(x.c_str());
        std::fflush(stdout);
    }
}

AIOMISC_JOB(
    noop,
    about("Does nothing."),
    param("x", "an item"),
    param("print", "prints it, to be seen") = false)
