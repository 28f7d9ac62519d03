/*
 * repair_examine: one transcript on disk, read for damage. Changes nothing.
 *
 * The file is read from its beginning to its end once, and again where
 * something has to be looked at. What it grows by meanwhile is not read.
 *
 * One in another form (UTF-16, records over several lines) is normalised into a
 * file without a name, beside it where that can be, and that text is what is
 * surveyed and planned for: lines and offsets are of it.
 */
#pragma once

#include "agents/agent.h"
#include "base/err.h"
#include "base/io/digest.h"
#include "base/io/fs.h"
#include "repair/normalise.h"
#include "repair/repair_plan.h"

struct repair_examine_request {
    const struct agent *agent; /* whose transcript it is */
    int at;                    /* the folder that path is below, or AT_FDCWD */
    const char *path;
    const char *shown; /* for messages */
    struct repair_plan_options
        options; /* modified_ms is filled in, and model_window where it is 0 */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

/* What the file is, where it is no lines of UTF-8. */
struct repair_examined_form {
    bool is_other;
    enum normalise_encoding encoding;
    size_t joined; /* records that stood over several lines, or in an array */
    bool is_array;
    const char *packer;   /* "gzip"; NULL: none */
    const char *obstacle; /* no client reads it so, and no repair mends it: why, in
                             a sentence about it; NULL: it can be mended */
    char original_sha256[DIGEST_TEXT_SIZE]; /* of all bytes, as they were read; with is_other */
    char sha256[DIGEST_TEXT_SIZE];          /* of the text that it was made */
};

struct repair_examined {
    struct fs_file file; /* as it was when it was opened; open until repair_examine_release */
    struct repair_examined_form form;
    struct transcript_scan survey;
    struct repair_plan plan;
    struct record_source own;    /* the file in UTF-8, its lines as they are */
    struct record_source source; /* what was surveyed: the file, or the text that it was made */
    struct repair_examine_reading *reading;
};

/* Returns: 0 or negative errno. Owner: repair_examine_release; of what the plan points to, the
 * arena. */
int repair_examine(const struct repair_examine_request *request, struct arena *a,
                   struct repair_examined *out, struct sr_error *error);
void repair_examine_release(struct repair_examined *e);

/*
 * Records that are whole, in the file's own text: those on lines of their own, and those over
 * several lines; where it holds NULs, at least those on lines of their own in UTF-8 and in UTF-16.
 * They are counted in the bytes, without the scan and the plan.
 */
int repair_examine_count(const struct repair_examined *e, size_t *count);
