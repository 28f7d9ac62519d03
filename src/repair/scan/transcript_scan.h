/*
 * transcript_scan: reads a whole transcript once, from beginning to end.
 *
 * It keeps the graph of the records with their calls and results, and the places
 * that must be looked at again. Memory grows with the number of records (some 80
 * bytes each), not with their length; a line that is not a record is later read
 * again as a whole, to see what is wrong with it.
 *
 * It does no I/O: the caller's function reads the bytes.
 *
 *     struct transcript_scan v;
 *     r = transcript_scan_read(&source, &v);
 *     ...
 *     transcript_scan_release(&v);
 */
#pragma once

#include "conversation/json_stream.h"
#include "conversation/loader/graph.h"
#include "jsonl/line_check.h"
#include "jsonl/record_source.h"
#include "repair/damage.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* A longer line that is not a record is reported, but not examined. */
    TRANSCRIPT_SCAN_LINE_MAX = 32 * 1024 * 1024,
    TRANSCRIPT_SCAN_HUGE = 64 * 1024,
    TRANSCRIPT_SCAN_LONG_OUTPUT = 4 * 1024, /* of a progress record: there is one a second */
    TRANSCRIPT_SCAN_VERSIONS_MAX = 250,
};

/* A line that is not one record. */
struct transcript_scan_line {
    int64_t from, to; /* without its newline */
    uint32_t line;
    bool has_newline;
    bool is_too_long;
};

enum { TRANSCRIPT_SCAN_NOTHING = 1, TRANSCRIPT_SCAN_WHITE }; /* a prompt with no or blank text */

/* Something to look at again. It concerns the node or, if node is GRAPH_NONE, the record at the
 * offset. */
struct transcript_scan_spot {
    unsigned char kind; /* enum damage_kind */
    bool is_image;      /* of any size */
    uint32_t node, line;
    uint32_t block; /* its place among the record's blocks; DAMAGE_HUGE_RECORD: enum
                       json_stream_member */
    uint32_t side;  /* the longer one of an image, 0: not known; DAMAGE_EMPTY_TEXT: blocks in all;
                       DAMAGE_NULL_BLOCK: 1 within a result; DAMAGE_MALFORMED_METADATA: 1 a
                       reminder without its list;
                       DAMAGE_BAD_CONTENT: what a prompt lacks, below */
    int64_t offset; /* where it is */
    int64_t number; /* DAMAGE_BAD_TEXT: how many; images and huge records: bytes;
                       DAMAGE_BAD_CONTENT: 1 for a text; DAMAGE_ERROR_TAIL: what it names, as
                       damage_named_by; DAMAGE_STALE_LEAF and DAMAGE_BOUNDARY_PARENT_GONE: the id */
};

struct transcript_scan {
    struct graph graph; /* linked */
    struct transcript_scan_line *lines;
    size_t line_count, line_capacity;
    struct transcript_scan_spot *spots;
    size_t spot_count, spot_capacity;

    int64_t size_bytes; /* how much was read */
    uint32_t all_lines, all_records;
    uint32_t session_records; /* records of a session, among all_records */
    size_t blank_lines, crlf_lines;
    bool has_mark, lacks_final_newline;
    int64_t versions[TRANSCRIPT_SCAN_VERSIONS_MAX]; /* by the tag of a node, less one; as
                                                       client_version */
    size_t version_count;
    bool is_subagents;                         /* a subagent's own transcript */
    bool has_copies;                           /* several records of one id */
    char session_id[JSON_STREAM_TEXT_MAX + 1]; /* the first */
    char model[JSON_STREAM_TEXT_MAX + 1];      /* of the last answer of the main conversation */
    size_t foreign_ids;                        /* records with another session id */
    uint32_t foreign_line;                     /* the first of them */
    int64_t foreign_offset;
    bool ids_are_mixed; /* they have several ids, or some come before a line with the first id */
    char foreign_id[JSON_STREAM_TEXT_MAX + 1]; /* of the first of them */
    uint32_t last_error;  /* after the API errors from this spot on, no request succeeded */
    uint64_t error_kinds; /* what these errors name */
    size_t image_count;
};

/*
 * The newest version (client_version) in the prompts and the client's own records, of those with
 * their own id and no damage, as no repair removes them. 0: none names a version.
 */
int64_t transcript_scan_newest_version(const struct transcript_scan *v);

/* Returns: 0, or negative errno of the caller's function. Owner: transcript_scan_release. */
int transcript_scan_read(const struct record_source *source, struct transcript_scan *out);
/* The same, but -E2BIG if more lines than broken_max are not records. */
int transcript_scan_read_within(const struct record_source *source, size_t broken_max,
                                struct transcript_scan *out);
void transcript_scan_release(struct transcript_scan *v);

/*
 * Reads the record that begins at an offset, wherever its line begins. The caller begins the
 * stream, and releases it. Returns: 0; -EBADMSG: there is no whole record; or as
 * transcript_scan_read.
 */
int transcript_scan_skim(const struct record_source *source, int64_t offset, struct json_stream *s);

/* Bytes [from, to), which must exist. Returns: 0 or negative errno. Owner of out: the caller. */
int transcript_scan_bytes(const struct record_source *source, int64_t from, int64_t to,
                          struct buf *out);
