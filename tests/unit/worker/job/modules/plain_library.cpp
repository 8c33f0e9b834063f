// SPDX-License-Identifier: MIT
// A shared object that is none of ours.
extern "C" int answer() {
    return 42;
}
