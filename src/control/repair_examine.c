#include "control/repair_examine.h"

#include "agents/agent.h"
#include "base/io/durable.h"
#include "conversation/json_stream.h"
#include "repair/buried.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A torn line or two are damage; of a text in another form nearly every line is broken. */
enum { BROKEN_MAX = 1000, TEXTS_MAX = 2, HEAD_MAX = 4096 };

struct reading {
    int fd;
    int64_t size_bytes;
    void (*progress)(void *context, int64_t done_bytes, int64_t total_bytes);
    void *context;
};

/* The file, and the texts that were made of it one after another; they have no names. */
struct repair_examine_reading {
    struct reading file, texts[TEXTS_MAX];
    size_t text_count;
};

static int64_t read_some(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct reading *r = context;
    if (offset >= r->size_bytes)
        return 0;
    if ((int64_t)n > r->size_bytes - offset)
        n = (size_t)(r->size_bytes - offset);
    if (r->progress)
        r->progress(r->context, offset, r->size_bytes);
    return fs_read_at(r->fd, bytes, n, offset);
}

static struct record_source source_of(struct sv record_start, struct reading *r)
{
    return (struct record_source){
        .read = read_some,
        .context = r,
        .size_bytes = r->size_bytes,
        .record_start = record_start,
    };
}

/* ---- another form ------------------------------------------------------------------------- */

/* A text while it is made: what is read for it, from its beginning to its end, and what it is. */
struct making {
    const struct record_source *of;
    struct reading *text;
    struct digest read, made;
};

static int64_t read_digested(void *context, char *bytes, size_t n, int64_t offset)
{
    struct making *m = context;
    int64_t got = m->of->read(m->of->context, bytes, n, offset);
    if (got > 0)
        digest_add(&m->read, bytes, (size_t)got);
    return got;
}

static int write_digested(void *context, const char *bytes, size_t n)
{
    struct making *m = context;
    digest_add(&m->made, bytes, n);
    m->text->size_bytes += (int64_t)n;
    return durable_write(m->text->fd, bytes, n);
}

/* Beside the file, where there is room for it if it is to be mended; else where it can be. */
static int create_text(const struct repair_examine_request *q, struct arena *a)
{
    const char *name = str_basename(q->path);
    const char *folder =
        name == q->path ? "." : arena_strndup(a, q->path, (size_t)(name - q->path));
    int fd = durable_create_unnamed(q->at, folder);
    if (fd < 0)
        fd = durable_create_unnamed(AT_FDCWD, "/var/tmp");
    return fd < 0 ? durable_create_unnamed(AT_FDCWD, "/tmp") : fd;
}

/* found NULL: recoded. What is read from then on is the text. */
static int make_text(const struct repair_examine_request *q, struct arena *a,
                     struct repair_examined *e, const struct normalise_found *found)
{
    struct reading *text = &e->reading->texts[e->reading->text_count];
    struct making m = {.of = &e->source, .text = text};
    struct record_source source = e->source;
    char read[DIGEST_TEXT_SIZE];
    text->fd = create_text(q, a);
    if (text->fd < 0)
        return text->fd;
    bool is_first = e->reading->text_count++ == 0;
    source.read = read_digested;
    source.context = &m;
    digest_init(&m.read);
    digest_init(&m.made);
    int r = found ? normalise_write(&source, found, write_digested, &m)
                  : normalise_recode(&source, e->form.encoding, write_digested, &m);
    digest_end(&m.read, is_first ? e->form.original_sha256 : read);
    digest_end(&m.made, e->form.sha256);
    e->source = source_of(e->source.record_start, text);
    e->form.is_other = true;
    return r;
}

static bool holds(struct sv text, const char *needle)
{
    return sv_find(text, 0, sv_of(needle)) < text.n;
}

/* Of a file in which no record is. */
static const char *remark_on(struct sv head)
{
    static const char *const members[] = {"\"parentUuid\":", "\"sessionId\":", "\"isSidechain\":"};
    size_t zeros = 0;
    while (zeros < head.n && !head.p[zeros])
        zeros++;
    if (zeros && zeros == head.n)
        return "bytes of value 0 stand in the place of its content, as a full disk or a crash of "
               "the machine leaves them";
    /* of what the first line begins, and not of a value inside: that may be a whole document */
    struct sv own = head;
    sv_cut_line(&head, &own);
    for (size_t i = 1; i < own.n; i++)
        if (own.p[i] == '{' || own.p[i] == '[')
            own.n = i;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (sv_starts_with(own, SV("{")) && holds(own, members[i]))
            return "parts of a session's records are in it, and none is whole: its lines were "
                   "wrapped or cut. A copy through tr -d '\\n' joins them, and --repair parts the "
                   "records";
    return NULL;
}

static int look_at_head(const struct repair_examine_request *q, struct arena *a,
                        struct repair_examined *e)
{
    char head[HEAD_MAX];
    int64_t n = e->source.read(e->source.context, head, sizeof head, 0);
    if (n < 0)
        return (int)n;
    struct sv bytes = {head, (size_t)n};
    e->form.packer = normalise_packer(bytes);
    const struct agent *wrote;
    struct lookup known = agent_of_records(e->file.fd, &wrote);
    if (known.state == LOOKUP_UNKNOWN)
        return known.code;
    e->form.product = wrote == q->agent ? NULL : wrote->product;
    e->form.remark = remark_on(bytes);
    e->form.encoding = normalise_encoding(bytes);
    return e->form.encoding == NORMALISE_UTF8 ? 0 : make_text(q, a, e, NULL);
}

/* Where a line is no record, it is seen whether it is a part of one. */
static int survey_lines(const struct repair_examine_request *q, struct arena *a,
                        struct repair_examined *e)
{
    struct normalise_found found = {0};
    int r = transcript_scan_read_within(&e->source, BROKEN_MAX, &e->survey);
    bool is_cut = r == -E2BIG;
    if (!is_cut && (r < 0 || e->survey.line_count == 0))
        return r;
    r = normalise_find(&e->source, is_cut ? 0 : e->survey.lines[0].from, true, &found);
    e->form.joined = found.joined;
    e->form.is_array = found.is_array;
    if (r == 0 && found.joined) {
        transcript_scan_release(&e->survey);
        r = make_text(q, a, e, &found);
    }
    if (r == 0 && (found.joined || is_cut))
        r = transcript_scan_read(&e->source, &e->survey);
    normalise_release(&found);
    return r;
}

/* ---- counting ----------------------------------------------------------------------------- */

/* Where a record may begin: with its line, and behind the bytes of the other encoding, which end in
 * a NUL. */
enum place { MAY_BEGIN, IN_RECORD, BEHIND_RECORD, IN_REST };

/* Records on lines of their own, in one reading of a file's bytes, none of which are held: a record
 * ends at the first NUL, so that each byte is read once. */
struct line_count {
    struct json_stream *record;
    enum place place;
    char last; /* byte that was read */
    size_t whole;
    bool has_nuls;
};

/* Returns: how many bytes were taken. */
static size_t go_on_record(struct line_count *c, struct sv part)
{
    size_t n = json_stream_feed(c->record, part.p, part.n);
    c->last = n ? part.p[n - 1] : c->last;
    if (c->record->is_over)
        c->place = c->record->shape == JSON_STREAM_RECORD ? BEHIND_RECORD
                   : c->last                              ? IN_REST
                                                          : MAY_BEGIN;
    return n;
}

static void count_in_line(struct line_count *c, struct sv part)
{
    for (size_t i = 0; i < part.n;) {
        char byte = part.p[i];
        if (c->place == IN_RECORD) {
            i += go_on_record(c, sv_slice(part, i, part.n));
            continue;
        }
        if (c->place == MAY_BEGIN && byte == '{') {
            c->place = IN_RECORD;
            json_stream_restart(c->record, 0);
            continue;
        }
        if (!byte)
            c->place = MAY_BEGIN;
        else if (c->place != BEHIND_RECORD || !strchr(" \t\r", byte))
            c->place = IN_REST;
        c->last = byte;
        i++;
    }
}

static void end_counted_line(struct line_count *c)
{
    c->whole += c->place == BEHIND_RECORD;
    c->place = MAY_BEGIN;
}

static int count_in(void *context, const char *bytes, size_t n)
{
    struct line_count *c = context;
    struct sv left = {bytes, n};
    c->has_nuls = c->has_nuls || memchr(bytes, '\0', n);
    for (struct sv part; left.n;) {
        bool ends = sv_cut_line(&left, &part);
        count_in_line(c, part);
        if (ends)
            end_counted_line(c);
    }
    return 0;
}

/* encoding UTF-8: as the bytes are. */
static int count_as(const struct record_source *source, enum normalise_encoding encoding,
                    struct line_count *c)
{
    char bytes[16 * 1024];
    int64_t offset = 0, n = 0;
    int r = 0;
    *c = (struct line_count){.record = mem_resize(NULL, sizeof *c->record)};
    json_stream_begin(c->record, 0);
    c->record->spans_lines = true; /* over with the first byte that cannot be */
    if (encoding != NORMALISE_UTF8)
        r = normalise_recode(source, encoding, count_in, c);
    else
        while ((n = source->read(source->context, bytes, sizeof bytes, offset)) > 0) {
            count_in(c, bytes, (size_t)n);
            offset += n;
        }
    end_counted_line(c);
    json_stream_release(c->record);
    free(c->record);
    return r < 0 ? r : n < 0 ? (int)n : 0;
}

static int64_t read_behind_first(void *context, char *bytes, size_t n, int64_t offset)
{
    return read_some(context, bytes, n, offset + 1);
}

/*
 * In a file of several encodings, those of each. Text of one byte order, but for what is not ASCII,
 * reads as the other one byte further on: of such two the one with more counts.
 */
static int count_each(const struct repair_examined *e, size_t *in_utf8, size_t *in_utf16)
{
    struct reading file = e->reading->file;
    struct record_source even = source_of(e->source.record_start, &file), odd = even;
    struct line_count plain, one, other;
    file.progress = NULL;
    odd.read = read_behind_first;
    int r = count_as(&even, NORMALISE_UTF8, &plain);
    size_t whole = 0;
    for (int i = 0; i < 2 && r == 0 && plain.has_nuls; i++) {
        r = count_as(i ? &odd : &even, NORMALISE_UTF16LE, &one);
        if (r == 0)
            r = count_as(i ? &even : &odd, NORMALISE_UTF16BE, &other);
        if (r == 0)
            whole += one.whole > other.whole ? one.whole : other.whole;
    }
    if (r < 0)
        return r;
    *in_utf8 = plain.has_nuls ? plain.whole : 0;
    *in_utf16 = whole;
    return 0;
}

/* ---- what no repair mends ----------------------------------------------------------------- */

/* Looks for it in a text that was read through lines. */
struct burial {
    struct buf line; /* no more of it than a line is judged up to */
    bool is_too_long;
    struct json_stream *record; /* of one that is too long */
    uint32_t number;            /* of the line */
    enum fact holds;            /* FACT_NO: no line so far */
    const char *in;             /* as buried_in */
    bool has_nuls;
};

/* A session's record is one however long it is, and a torn object is damage. */
static enum fact holds_long_line(struct burial *b)
{
    char opening = buried_opening((struct sv){b->line.p, b->line.n});
    json_stream_end(b->record);
    bool is_whole = b->record->shape == JSON_STREAM_RECORD;
    bool is_known = opening == '{' && (!is_whole || json_stream_is_of_session(b->record));
    return !opening || is_known ? FACT_NO : FACT_UNKNOWN;
}

static void end_line(struct burial *b)
{
    b->number++;
    b->holds =
        b->is_too_long ? holds_long_line(b) : buried_in((struct sv){b->line.p, b->line.n}, &b->in);
    b->line.n = 0;
    b->is_too_long = false;
}

static void add_part(struct burial *b, struct sv part)
{
    if (!b->is_too_long && part.n <= TRANSCRIPT_SCAN_LINE_MAX - b->line.n) {
        buf_add(&b->line, part.p, part.n);
        return;
    }
    if (!b->is_too_long) {
        json_stream_restart(b->record, 0);
        json_stream_feed(b->record, b->line.p, b->line.n);
    }
    b->is_too_long = true;
    json_stream_feed(b->record, part.p, part.n);
}

static void add_lines(struct burial *b, struct sv bytes)
{
    b->has_nuls = b->has_nuls || memchr(bytes.p, '\0', bytes.n);
    for (struct sv part; bytes.n && b->holds == FACT_NO;) {
        bool ends = sv_cut_line(&bytes, &part);
        add_part(b, part);
        if (ends)
            end_line(b);
    }
}

static const char *burial_words(const struct burial *b, struct arena *a)
{
    return b->holds == FACT_YES
               ? arena_printf(a, "its line %u is %s with whole records inside", b->number, b->in)
               : arena_printf(a, "its line %u is too much to see whether whole records are inside",
                              b->number);
}

/* has_nuls: there are some before what was found. */
static int look_for_burial(struct repair_examined *e, struct arena *a, bool *has_nuls)
{
    char bytes[16 * 1024];
    struct burial b = {.holds = FACT_NO, .record = mem_resize(NULL, sizeof *b.record)};
    int64_t offset = 0, n = 0;
    json_stream_begin(b.record, 0);
    while (b.holds == FACT_NO &&
           (n = e->source.read(e->source.context, bytes, sizeof bytes, offset)) > 0) {
        add_lines(&b, (struct sv){bytes, (size_t)n});
        offset += n;
    }
    if (b.holds == FACT_NO && (b.line.n || b.is_too_long))
        end_line(&b);
    if (b.holds != FACT_NO)
        e->form.obstacle = burial_words(&b, a);
    *has_nuls = b.has_nuls;
    buf_release(&b.line);
    json_stream_release(b.record);
    free(b.record);
    return n < 0 ? (int)n : 0;
}

static int look_for_obstacles(struct repair_examined *e, struct arena *a)
{
    size_t in_utf8 = 0, in_utf16 = 0;
    bool has_nuls = false, is_utf8 = e->form.encoding == NORMALISE_UTF8;
    bool is_sound = e->survey.line_count == 0 && e->survey.session_records == e->survey.all_records;
    int r = is_sound ? 0 : look_for_burial(e, a, &has_nuls);
    if (r < 0 || e->form.obstacle || (is_utf8 && !has_nuls))
        return r;
    r = count_each(e, &in_utf8, &in_utf16);
    if (r == 0 && in_utf8 && in_utf16)
        e->form.obstacle = "a part of it is UTF-8, and a part is UTF-16";
    return r;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* Any record is one of the session's. */
static int look_at_lines(const struct repair_plan_options *options, struct arena *a,
                         struct repair_examined *e)
{
    e->own = e->source;
    int r = transcript_scan_read(&e->source, &e->survey);
    if (r < 0)
        return r;
    e->survey.session_records = e->survey.all_records;
    return repair_plan_make(&e->source, &e->survey, options, a, &e->plan);
}

static int look(const struct repair_examine_request *q, struct arena *a, struct repair_examined *e)
{
    struct repair_plan_options options = q->options;
    options.lines_only = !q->agent->repair;
    if (options.lines_only)
        return look_at_lines(&options, a, e);
    int r = look_at_head(q, a, e);
    e->own = e->source;
    if (r < 0 || e->form.packer || e->form.product)
        return r;
    r = survey_lines(q, a, e);
    if (r == 0)
        r = look_for_obstacles(e, a);
    if (r < 0)
        return r;
    options.modified_ms = e->file.mtime_ms;
    if (options.fits && options.model_window <= 0)
        options.model_window =
            agent_context_window(q->agent, e->survey.model[0] ? e->survey.model : NULL, NULL);
    return repair_plan_make(&e->source, &e->survey, &options, a, &e->plan);
}

int repair_examine(const struct repair_examine_request *q, struct arena *a,
                   struct repair_examined *out, struct sr_error *error)
{
    struct repair_examined e = {0};
    if (!q->agent->repair && (!q->agent->lines || q->options.wants_edits))
        return err_set(error, -EOPNOTSUPP,
                       "%s: what is wrong with a transcript of %s, and what mends it, is not known",
                       q->shown, q->agent->title);
    int r = fs_open_linked(q->at, q->path, &e.file);
    if (r < 0)
        return err_set(error, r, "open %s: %s", q->shown, err_reason(r));
    posix_fadvise(e.file.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    e.reading = mem_resize(NULL, sizeof *e.reading);
    *e.reading = (struct repair_examine_reading){
        .file = {e.file.fd, e.file.size_bytes, q->progress, q->context}};
    e.source = source_of(q->agent->reader->record_start, &e.reading->file);
    r = look(q, a, &e);
    if (r < 0) {
        const char *what = e.reading->text_count ? "make lines of" : "read";
        repair_examine_release(&e);
        return err_set(error, r, "%s %s: %s", what, q->shown, err_reason(r));
    }
    *out = e;
    return 0;
}

int repair_examine_count(const struct repair_examined *e, size_t *count)
{
    struct normalise_found found;
    size_t in_utf8 = 0, in_utf16 = 0;
    int r = normalise_find(&e->own, 0, false, &found);
    if (r == 0)
        r = count_each(e, &in_utf8, &in_utf16);
    if (r == 0)
        *count = found.whole > in_utf8 + in_utf16 ? found.whole : in_utf8 + in_utf16;
    return r;
}

void repair_examine_release(struct repair_examined *e)
{
    transcript_scan_release(&e->survey);
    fs_close(&e->file.fd);
    for (size_t i = 0; e->reading && i < e->reading->text_count; i++)
        fs_close(&e->reading->texts[i].fd);
    free(e->reading);
    e->reading = NULL;
}
