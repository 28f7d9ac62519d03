/*
 * conversation: what was said in a session, each record once and in order, from
 * its transcript and the copies of it.
 *
 *     conversation_begin(&c, reader);
 *     conversation_add(&c, lines, offset, 0);   the live transcript, in pieces of whole lines
 *     conversation_add(&c, lines, offset, 1);   a backup: only what is not there yet
 *     conversation_finish(&c);
 *     for (size_t i = 0; i < c.count; i++)
 *         ... c.items[i].offset, c.items[i].length
 *     conversation_release(&c);
 *
 * Only the places of records are kept: a transcript of 300 MB becomes a list of a few MB.
 *
 * The order follows the parents (graph): first what a compaction summed up or what lies
 * before a gap; then what a client that resumes the first file would load (as repair finds
 * it); then what continues in a copy, and abandoned branches (an edited prompt, a rewind).
 * If the reader's records form no chain, it is the order of the lines of the first file,
 * followed by what only a copy has, by time.
 */
#pragma once

#include "conversation/event.h"
#include "conversation/json_stream.h"
#include "conversation/loader/graph.h"

struct conversation_item {
    size_t file; /* as it was given to conversation_add */
    int64_t offset, length;
    uint64_t id; /* conversation_id_of it; of a chain, of the id as json_stream reads it */
    int64_t at_ms;
    size_t branch;  /* 0: the conversation; else an abandoned one */
    bool is_loaded; /* by a client that resumes the first file; only known for a chain */
};

/* A place that could not be read. */
struct conversation_gap {
    size_t file;
    int64_t offset;
    int64_t length;
};

struct conversation {
    const struct event_reader *reader;
    struct conversation_item *items;
    size_t count, capacity;
    size_t branch_count; /* abandoned ones */
    size_t beside_count; /* records of the first file that have no place in it: titles, modes */
    struct conversation_gap *gaps;
    size_t gap_count, gap_capacity;

    int64_t client_version; /* of the client that loads it; 0: the newest that the first file names.
                               Set by the caller before conversation_finish */

    /* private */
    struct json_stream *skim;
    int64_t version; /* the newest in the first file */
    size_t first_file;
    struct graph graph;
    struct conversation_item *records; /* one for each node */
    size_t record_capacity;
    uint64_t *known; /* ids in the files before this one, open addressing */
    size_t known_size;
    size_t file; /* the one being added; SIZE_MAX: none yet */
};

/* Returns: a hash by which a record is recognised in all files: of its id, else of all of it. */
uint64_t conversation_id_of(const struct event *e, struct sv record);
/* Whether the record, which was read again as e, is still the item's. After conversation_finish. */
bool conversation_is_of_item(const struct conversation *c, const struct conversation_item *item,
                             const struct event *e, struct sv record);

void conversation_begin(struct conversation *c, const struct event_reader *reader);
/* lines: they begin at offset and are whole, except the last of a file. One file after the other.
 */
void conversation_add(struct conversation *c, struct sv lines, int64_t offset, size_t file);
/* One line that is too long for memory, as shortened by thin_record.h; length: of the line in the
 * file. */
void conversation_add_long(struct conversation *c, struct sv thinned, int64_t offset,
                           int64_t length, size_t file);
void conversation_finish(struct conversation *c);
/* After that: leaves out what was said before. A record without a time is older than that only if
 * the one behind it is; it is kept else. Returns: how many of those were kept. */
size_t conversation_drop_before(struct conversation *c, struct wall at);
void conversation_release(struct conversation *c);
