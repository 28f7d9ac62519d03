/*
 * memory_run: bytes, and the address that they had in the process they were
 * copied from. Runs are in the order of their addresses and do not touch.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct memory_run {
    uint64_t address;
    const char *bytes;
    size_t n;
};
