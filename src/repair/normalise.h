/*
 * normalise: turns a transcript in another form into UTF-8, one record per line.
 *
 * People and tools make such files: records over several lines with any
 * indentation (jq, an editor), one after another or in one array; UTF-16, from a
 * Windows shell. A client reads none of these.
 *
 *     encoding = normalise_encoding(first_bytes);
 *     if (encoding != NORMALISE_UTF8)
 *         normalise_recode(&source, encoding, write, context);
 *     normalise_find(&source, 0, true, &found);
 *     if (found.count)
 *         normalise_write(&source, &found, write, context);
 *     normalise_release(&found);
 *
 * A record is joined only if all of it is there as JSON. A record that breaks
 * off or has a line end in a string keeps every byte, and so does anything that
 * is not a record. Records on lines of their own stay as they are, and so do whole
 * ones glued together on one line, which repair handles as damage. Joining removes
 * only the white space between tokens.
 *
 * Two passes from the beginning to the end; memory grows by 32 bytes for each
 * joined record, whatever its length.
 */
#pragma once

#include "jsonl/record_source.h"

enum normalise_encoding {
    NORMALISE_UTF8,
    NORMALISE_UTF16LE,
    NORMALISE_UTF16BE,
};

enum { NORMALISE_HEAD = 4 }; /* bytes that tell the encoding */

/* By the first bytes of a file: its byte order mark, or how JSON begins. */
enum normalise_encoding normalise_encoding(struct sv head);
const char *normalise_encoding_word(enum normalise_encoding encoding);
/* "gzip"; NULL: not compressed by a common program. */
const char *normalise_packer(struct sv head);

typedef int normalise_sink(void *context, const char *bytes, size_t n);

/*
 * Converts UTF-16 to UTF-8, without the byte order mark. Half of a surrogate pair becomes three
 * bytes that are not UTF-8, which repair finds; a last odd byte stays. Returns: 0 or the first
 * negative errno.
 */
int normalise_recode(const struct record_source *source, enum normalise_encoding encoding,
                     normalise_sink *write, void *context);

/* Bytes [from, to) become a line with the record in them; they are removed when there is none
 * (record_from is record_to). */
struct normalise_span {
    int64_t from, to, record_from, record_to;
};

struct normalise_found {
    struct normalise_span *spans; /* in order */
    size_t count, capacity;
    size_t whole;      /* whole records, including those on lines of their own */
    size_t joined;     /* how many of those are in spans */
    size_t of_session; /* how many of those are a session's */
    bool is_array;
};

/* Looks from an offset where a line begins. Without keeps_spans it only counts. Returns: 0 or
 * negative errno. Owner: normalise_release. */
int normalise_find(const struct record_source *source, int64_t from, bool keeps_spans,
                   struct normalise_found *out);
int normalise_write(const struct record_source *source, const struct normalise_found *found,
                    normalise_sink *write, void *context);
void normalise_release(struct normalise_found *found);
