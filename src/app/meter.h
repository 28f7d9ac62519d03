/*
 * meter: how far a long copy is, on a terminal: bytes, rate, time left.
 *
 * Nothing is shown in the first second.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct meter {
    bool is_wanted;
    struct awake began, shown_at;
    int64_t done_bytes;
    bool is_shown;
};

void meter_begin(struct meter *m, bool is_wanted);
/* A progress callback. meter: a struct meter. */
void meter_move(void *meter, int64_t done_bytes, int64_t total_bytes);
void meter_end(struct meter *m); /* erases the line */
