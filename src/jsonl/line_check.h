/*
 * line_check: what is wrong with a line, and at which byte.
 *
 * The only judge of damage. A line is cut into pieces that together cover every
 * byte except white space: whole records, stubs (records that break off), runs
 * of NUL, and noise. It reads JSON's grammar byte by byte, without recursion or
 * allocation and in linear time, so that it can judge a line of any length,
 * depth or content. The contents of strings (a lone surrogate, bytes that are
 * not UTF-8) are not damage.
 *
 *     struct line_check scan;
 *     line_check_line(line.text, SV("{\"parentUuid\":"), &scan);
 *     if (scan.kind == LINE_CHECK_GLUED)
 *         ... scan.pieces[i].from, .to
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum line_check_kind {
    LINE_CHECK_BLANK,      /* nothing but white space */
    LINE_CHECK_WHOLE,      /* one record */
    LINE_CHECK_TORN,       /* begins as a record and breaks off */
    LINE_CHECK_GLUED,      /* two or more records, or a record with other bytes beside it */
    LINE_CHECK_NUL_PADDED, /* one record, with NULs before or after it */
    LINE_CHECK_NULS,       /* only NULs: blocks that a crash left unwritten */
    LINE_CHECK_GARBAGE,    /* no record: the middle or end of one, or something else */
};

enum line_check_piece_kind {
    LINE_CHECK_RECORD, /* a JSON object, complete */
    LINE_CHECK_STUB,   /* begins as an object and does not end as one */
    LINE_CHECK_NUL,
    LINE_CHECK_NOISE,
    LINE_CHECK_RAW, /* a record, but for control characters that stand in its texts unescaped */
};

#define LINE_CHECK_MARK \
    "\xef\xbb\xbf" /* of the byte order: passed over where a line begins with it */

struct line_check_piece {
    enum line_check_piece_kind kind;
    size_t from, to; /* bytes [from, to) of the line */
};

/* More than two on a line were never seen. */
enum { LINE_CHECK_PIECES_MAX = 16 };

struct line_check {
    enum line_check_kind kind;
    size_t breaks_at; /* where the first stub or noise stops making sense; the line's length when
                         it is merely cut off, or when there is none */
    struct line_check_piece pieces[LINE_CHECK_PIECES_MAX];
    size_t piece_count;  /* at most LINE_CHECK_PIECES_MAX */
    size_t record_count; /* records among the pieces */
    bool has_more;       /* there were more pieces: the last one runs to the line's end as noise */
};

/*
 * Judges one line, without its line end. record_start: how the agent's records
 * begin and no object inside one does; it tells a stub that ends in `"key":`
 * with a record after it from a record that broke off inside an object. Empty:
 * there is no such mark.
 */
void line_check_line(struct sv line, struct sv record_start, struct line_check *out);

/* The pieces of a line, however many there are. Owner: the caller frees *pieces. */
void line_check_pieces(struct sv line, struct sv record_start, struct line_check_piece **pieces,
                       size_t *count);

/* Of a stub: it breaks off where a value is to come, so that the next line may be taken for one. */
bool line_check_is_open(struct sv stub);

/* Whether it says nothing but "null". */
bool line_check_is_null(struct sv line);

/* Appends a record, or a part of one with only whole strings, with the control characters in its
 * strings escaped. */
void line_check_escape(struct sv raw, struct buf *out);

/*
 * Appends the beginning of a cut record, closed so that it is valid JSON. A cut
 * string is kept as far as it goes. Returns: false, with nothing appended, when
 * it does not begin as a record.
 */
bool line_check_complete(struct sv cut, struct buf *out);

/*
 * For a line too long to be read whole: finds, in its last bytes, the first
 * whole member of the outermost object, so that "{" and the bytes from there
 * are an object of its last members. Returns: the offset; tail.n: none.
 */
size_t line_check_last_members(struct sv tail);
