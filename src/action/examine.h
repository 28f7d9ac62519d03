/*
 * examine: one transcript on disk, read for damage. Changes nothing.
 *
 * The file is read from its beginning to its end once, and again where
 * something has to be looked at. What it grows by meanwhile is not read.
 */
#pragma once

#include "base/err.h"
#include "base/fs.h"
#include "transcript/repair.h"

struct examine_request {
    int at; /* the folder that path is below, or AT_FDCWD */
    const char *path;
    const char *shown;             /* for messages */
    struct repair_options options; /* modified_ms is filled in, and model_window where it is 0 */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

struct examined {
    struct fs_file file; /* as it was when it was opened; open until examine_release */
    struct survey survey;
    struct repair_plan plan;
    struct survey_source source;
    struct examine_reading *reading;
};

/* Returns: 0 or negative errno. Owner: examine_release; of what the plan points to, the arena. */
int examine(const struct examine_request *request, struct arena *a, struct examined *out,
            struct sr_error *error);
void examine_release(struct examined *e);
