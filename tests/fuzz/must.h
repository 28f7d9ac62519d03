/* What fuzz targets share: a property that must hold, and a string that must be readable. */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool condition)
{
    if (!condition)
        abort();
}

/* Reads all of it, so that ASan sees where it ends. */
static inline void touch_view(struct sv s)
{
    volatile char last;
    for (size_t i = 0; i < s.n; i++)
        last = s.p[i];
    (void)last;
}

static inline void touch(const char *s)
{
    touch_view(sv_of(s));
}
