/*
 * repair_examine: reads one transcript on disk for damage. Changes nothing.
 *
 * The file is read once from its beginning to its end, and parts of it again
 * where needed. What is appended meanwhile is not read.
 *
 * A file in another form (UTF-16, records over several lines) is normalised into
 * a nameless file, in the same folder if possible. That text is scanned and
 * planned for: lines and offsets refer to it.
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
    int at;                    /* the folder that path is relative to, or AT_FDCWD */
    const char *path;
    const char *shown; /* for messages */
    struct repair_plan_options
        options; /* repair_examine fills in modified_ms, and model_window if it is 0 */
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

/* The form of a file that is not lines of UTF-8. */
struct repair_examined_form {
    bool is_other;
    enum normalise_encoding encoding;
    size_t joined; /* records that were spread over several lines, or in an array */
    bool is_array;
    const char *packer;   /* "gzip"; NULL: none */
    const char *product;  /* of the other agent that wrote it: "Codex CLI"; NULL: none is known */
    const char *remark;   /* what it is instead, where no record is in it; NULL: not known */
    const char *obstacle; /* why no client reads it and no repair can mend it, a sentence about
                             the file; NULL: it can be mended */
    char original_sha256[DIGEST_TEXT_SIZE]; /* of all bytes as read; with is_other */
    char sha256[DIGEST_TEXT_SIZE];          /* of the normalised text */
};

struct repair_examined {
    struct fs_file file; /* as it was when opened; open until repair_examine_release */
    struct repair_examined_form form;
    struct transcript_scan survey;
    struct repair_plan plan;
    struct record_source own;    /* the file in UTF-8, with its lines as they are */
    struct record_source source; /* what was scanned: the file or its normalised text */
    struct repair_examine_reading *reading;
};

/* Returns: 0 or negative errno. Owner: repair_examine_release; what the plan points to: the arena.
 */
int repair_examine(const struct repair_examine_request *request, struct arena *a,
                   struct repair_examined *out, struct sr_error *error);
void repair_examine_release(struct repair_examined *e);

/*
 * Counts the whole records in the file's own text, on one line or over several. When the file holds
 * NULs: at least those on lines of their own, in UTF-8 and in UTF-16. Reads the bytes only, without
 * the scan and the plan, so that it can check both.
 */
int repair_examine_count(const struct repair_examined *e, size_t *count);
