/*
 * normalise: a transcript in another form made one record a line, in UTF-8.
 *
 * What people and tools make of transcripts: records over several lines, in any
 * indent (jq, an editor), one behind another or as the items of one array; UTF-16,
 * from a Windows shell. A client reads none of that.
 *
 *     encoding = normalise_encoding(first_bytes);
 *     if (encoding != NORMALISE_UTF8)
 *         normalise_recode(&source, encoding, write, context);
 *     normalise_find(&source, 0, true, &found);
 *     if (found.count)
 *         normalise_write(&source, &found, write, context);
 *     normalise_release(&found);
 *
 * A record is joined only where the whole of it is there, as JSON: of one that
 * breaks off, or that holds a line end in a string, every byte stays where it is,
 * and so does all that is no record. So do records that have a line to themselves,
 * and whole ones glued together on one line: those are damage, and repair's. Of
 * what is joined only the white space between its tokens goes.
 *
 * Two passes, each from the beginning to the end; memory grows by 32 bytes for
 * each record that is joined, not with the length of any.
 */
#pragma once

#include "jsonl/record_source.h"

enum normalise_encoding {
    NORMALISE_UTF8,
    NORMALISE_UTF16LE,
    NORMALISE_UTF16BE,
};

enum { NORMALISE_HEAD = 4 }; /* bytes that tell the encoding */

/* Of a file that begins with these bytes: by its mark, or as JSON begins. */
enum normalise_encoding normalise_encoding(struct sv head);
const char *normalise_encoding_word(enum normalise_encoding encoding);
/* "gzip"; NULL: not packed by any of the usual programs. */
const char *normalise_packer(struct sv head);

typedef int normalise_sink(void *context, const char *bytes, size_t n);

/*
 * UTF-16 as UTF-8, without its mark. Half a surrogate pair becomes the three bytes that it would
 * have (no UTF-8: repair finds them), a last odd byte stays. Returns: 0 or the first negative
 * errno.
 */
int normalise_recode(const struct record_source *source, enum normalise_encoding encoding,
                     normalise_sink *write, void *context);

/* Bytes [from, to) become the record in them, as a line; without one (record_from is record_to),
 * nothing. */
struct normalise_span {
    int64_t from, to, record_from, record_to;
};

struct normalise_found {
    struct normalise_span *spans; /* in order */
    size_t count, capacity;
    size_t whole;      /* records that are whole, those on lines of their own included */
    size_t joined;     /* of those, the ones in spans */
    size_t of_session; /* of those that are whole, the ones that a session has */
    bool is_array;
};

/* Looks from an offset on, where a line begins. Without keeps_spans it only counts. Returns: 0 or
 * negative errno. Owner: normalise_release. */
int normalise_find(const struct record_source *source, int64_t from, bool keeps_spans,
                   struct normalise_found *out);
int normalise_write(const struct record_source *source, const struct normalise_found *found,
                    normalise_sink *write, void *context);
void normalise_release(struct normalise_found *found);
