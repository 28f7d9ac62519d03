/*
 * A transcript of random records, checked, repaired and checked again. Four bytes make a record:
 * what it is, its parent, its time and ids, and what happens to its line. Each message holds a mark
 * of its own. No mark is lost unnamed: what was loaded before the repair is afterwards loaded, or
 * among what is not loaded, or in what the edits removed. With SHOW in the environment both files
 * are printed.
 */
#include "must.h"

#include "conversation/loader/client_version.h"
#include "repair/repair_plan.h"

#include <stdio.h>

enum { RECORDS = 48, BYTES = 4, MARK = 8, BOUNDARIES = 6 };

enum kind {
    PROMPT,
    REPLY,
    REPLY_AGAIN, /* another record of the last message */
    CALL,
    RESULT,
    ATTACHMENT,
    QUEUED,
    PROGRESS,
    BOUNDARY,
    SUMMARY,
    POINTER,
    REWIND,
    COMMAND,
    SUBAGENT,
    THINKING,
    TITLE,
};

struct made {
    struct buf file;
    size_t count, boundaries;
    bool has_copies;
    int at_s;
    char ids[RECORDS + 1][MARK]; /* "u01" of each record, in the order of the file */
};

static const int64_t versions[] = {
    CLIENT_VERSION(2, 1, 110), CLIENT_VERSION(2, 1, 119),
    CLIENT_VERSION(2, 1, 197), CLIENT_VERSION(2, 1, 260),
    CLIENT_VERSION(2, 1, 280), CLIENT_VERSION(2, 1, 330),
    CLIENT_VERSION(2, 1, 332), 0,
};

static const char *parent_of(const struct made *m, uint8_t b)
{
    size_t back = b & 15;
    if (b >= 0xf8)
        return "gone";
    if (b >= 0xf0)
        return NULL;
    if (b >= 0xe8)
        return "u30"; /* often on a later line */
    if (b < 0x80)
        back = 0;
    return back < m->count ? m->ids[m->count - 1 - back] : NULL;
}

static void add_head(struct made *m, const char *type, const char *parent, uint8_t c,
                     const char *more)
{
    if (parent)
        buf_addf(&m->file, "{\"parentUuid\":\"%s\",", parent);
    else
        buf_adds(&m->file, "{\"parentUuid\":null,");
    buf_addf(&m->file, "%s\"type\":\"%s\",\"sessionId\":\"s\",\"uuid\":\"%s\"", more, type,
             m->ids[m->count]);
    m->at_s += c >= 0xe0 ? 0 : c >= 0xd0 ? 30 : 1;
    if (c < 0xc8 || c >= 0xd0)
        buf_addf(&m->file, ",\"timestamp\":\"2026-01-02T03:%02d:%02d.%03dZ\"", m->at_s / 60,
                 m->at_s % 60, (int)m->count); /* no two of one time */
}

static void add_message(struct made *m, enum kind kind, const char *parent, uint8_t c)
{
    int n = (int)m->count, id = c & 7;
    bool is_user = kind == PROMPT || kind == RESULT || kind == SUMMARY || kind == SUBAGENT;
    add_head(m, is_user ? "user" : "assistant", parent, c,
             kind == SUMMARY    ? "\"isCompactSummary\":true,"
             : kind == SUBAGENT ? "\"isSidechain\":true,"
                                : "");
    if (is_user && kind != RESULT) {
        buf_addf(&m->file, ",\"message\":{\"role\":\"user\",\"content\":\"%c%03d\"}}\n",
                 kind == SUBAGENT ? 's' : 'm', n);
        return;
    }
    buf_addf(&m->file, ",\"message\":{\"role\":\"%s\",", is_user ? "user" : "assistant");
    if (!is_user)
        buf_addf(&m->file, "\"id\":\"msg%d\",", kind == REPLY_AGAIN ? id : n + 10);
    buf_adds(&m->file, "\"content\":[");
    if (kind == CALL)
        buf_addf(&m->file, "{\"type\":\"tool_use\",\"id\":\"t%d\",\"name\":\"m%03d\",\"input\":{}}",
                 id, n);
    else if (kind == RESULT)
        buf_addf(&m->file,
                 "{\"type\":\"tool_result\",\"tool_use_id\":\"t%d\",\"content\":\"m%03d\"}", id, n);
    else if (kind == THINKING)
        buf_addf(&m->file, "{\"type\":\"thinking\",\"thinking\":\"m%03d\",\"signature\":\"s\"}", n);
    else
        buf_addf(&m->file, "{\"type\":\"text\",\"text\":\"m%03d\"}", n);
    buf_adds(&m->file, "]}}\n");
}

static void add_other(struct made *m, enum kind kind, const char *parent, uint8_t c)
{
    struct buf *f = &m->file;
    int n = (int)m->count;
    if (kind == POINTER || kind == REWIND) {
        buf_addf(f, "{\"type\":\"last-prompt\",\"lastPrompt\":\"\",\"leafUuid\":\"%s\"%s}\n",
                 parent ? parent : "gone", kind == REWIND ? ",\"explicit\":true" : "");
    } else if (kind == TITLE) {
        buf_adds(f, c & 1 ? "null\n" : "{\"type\":\"custom-title\",\"customTitle\":\"x\"}\n");
    } else if (kind == BOUNDARY) {
        add_head(m, "system", NULL, c, "");
        buf_addf(
            f,
            ",\"subtype\":\"compact_boundary\",\"logicalParentUuid\":\"%s\",\"compactMetadata\":"
            "{\"trigger\":\"auto\"%s%s%s}}\n",
            parent ? parent : "gone", c & 2 ? ",\"preservedMessages\":{\"uuids\":[\"" : "",
            c & 2 ? (parent ? parent : "gone") : "", c & 2 ? "\"]}" : "");
    } else if (kind == COMMAND) {
        add_head(m, "system", parent, c, "");
        buf_addf(f, ",\"subtype\":\"local_command\",\"content\":\"m%03d\"}\n", n);
    } else {
        add_head(m, kind == PROGRESS ? "progress" : "attachment", parent, c, "");
        if (kind == QUEUED)
            buf_addf(f, ",\"attachment\":{\"type\":\"queued_command\",\"prompt\":\"m%03d\"}}\n", n);
        else
            buf_adds(f, ",\"attachment\":{\"type\":\"date\"},\"data\":{}}\n");
    }
}

/* What happens to the line that begins at from. */
static void harm(struct made *m, size_t from, uint8_t d)
{
    struct buf *f = &m->file;
    if (d < 0xe0)
        return;
    if (d < 0xe8) { /* written twice */
        char *line = strndup(f->p + from, f->n - from);
        buf_adds(f, line);
        free(line);
    } else if (d < 0xf0) {
        f->n--; /* glued to the next */
    } else if (d < 0xf8) {
        f->n -= (f->n - from) / 2; /* torn */
        if (d & 1)
            buf_adds(f, "\n");
    } else {
        buf_add(f, "\0\0\0", 3);
    }
}

static void add_record(struct made *m, const uint8_t *b)
{
    enum kind kind = b[0] & 15;
    bool is_copy = b[0] >= 0xf0 && m->count && !m->boundaries; /* of the id of another */
    m->has_copies = m->has_copies || is_copy;
    if (is_copy &&
        kind == REPLY_AGAIN) /* of one message it would be the same record, written anew */
        kind = REPLY;
    /* A compaction without a summary takes a round. With clashing ids one that stands late may not
     * settle: such a repair is refused when its result is looked at. */
    if (kind == BOUNDARY && (m->has_copies || ++m->boundaries > BOUNDARIES))
        kind = PROMPT;
    size_t from = m->file.n;
    const char *parent = parent_of(m, b[1]);
    memcpy(m->ids[m->count], is_copy ? m->ids[b[2] % m->count] : "", MARK * is_copy);
    if (!is_copy)
        m->ids[m->count][0] = 'u', m->ids[m->count][1] = (char)('0' + m->count / 10),
        m->ids[m->count][2] = (char)('0' + m->count % 10), m->ids[m->count][3] = '\0';
    if (kind <= RESULT || kind == SUMMARY || kind == SUBAGENT || kind == THINKING)
        add_message(m, kind, parent, b[2]);
    else
        add_other(m, kind, parent, b[2]);
    bool has_id = kind != POINTER && kind != REWIND && kind != TITLE;
    harm(m, from, b[3]);
    m->count += has_id;
}

/* ---- what of it is loaded ----------------------------------------------------------------- */

struct marks {
    bool has[RECORDS + 1];
};

static void note_marks(struct marks *marks, struct sv text)
{
    for (size_t at = 0; (at = sv_find(text, at, SV("m0"))) + 4 < text.n; at += 4) {
        size_t n = (size_t)(text.p[at + 2] - '0') * 10 + (size_t)(text.p[at + 3] - '0');
        if (n <= RECORDS)
            marks->has[n] = true;
    }
}

static int64_t read_memory(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct sv *file = context;
    if ((size_t)offset >= file->n)
        return 0;
    if (n > file->n - (size_t)offset)
        n = file->n - (size_t)offset;
    memcpy(bytes, file->p + offset, n);
    return (int64_t)n;
}

static int take_written(void *context, const char *bytes, size_t n)
{
    buf_add(context, bytes, n);
    return 0;
}

struct sides {
    struct buf file, removed;
};

static int write_side(void *context, const char *bytes, size_t n)
{
    return take_written(&((struct sides *)context)->file, bytes, n);
}

static int remove_side(void *context, const struct repair_plan_edit *edit, const char *bytes,
                       size_t n, bool is_first)
{
    (void)edit, (void)is_first;
    return take_written(&((struct sides *)context)->removed, bytes, n);
}

static struct repair_plan plan_of(struct sv *file, int64_t version, struct arena *a,
                                  struct record_source *source)
{
    struct repair_plan_options options = {
        .wants_edits = true, .modified_ms = 1770000000000, .client_version = version};
    struct transcript_scan survey;
    struct repair_plan plan;
    *source = (struct record_source){read_memory, file, (int64_t)file->n, SV("{\"parentUuid\":")};
    must(transcript_scan_read(source, &survey) == 0);
    must(repair_plan_make(source, &survey, &options, a, &plan) == 0);
    transcript_scan_release(&survey);
    return plan;
}

static void note_records(struct marks *marks, struct sv file, const struct repair_plan_loaded *all,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sv rest = sv_slice(file, (size_t)all[i].offset, file.n);
        note_marks(marks, sv_slice(rest, 0, sv_find(rest, 1, SV("}}")) + 2));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct made m = {.at_s = 1200};
    struct sides sides = {0};
    struct record_source source;
    if (size < 1 + BYTES)
        return 0;
    int64_t version = versions[data[0] & 7];
    for (size_t at = 1; at + BYTES <= size && m.count < RECORDS; at += BYTES)
        add_record(&m, data + at);
    struct sv file = {m.file.p, m.file.n};
    if (getenv("SHOW")) {
        fprintf(stderr, "version %lld\n", (long long)version);
        fwrite(file.p, 1, file.n, stderr);
    }
    struct repair_plan plan = plan_of(&file, version, &a, &source);
    struct repair_plan_sink sink = {write_side, remove_side, &sides};
    must(repair_plan_write(&source, &plan, "BACKUP", &sink) == 0);
    struct sv mended = {sides.file.p ? sides.file.p : "", sides.file.n};
    if (getenv("SHOW"))
        fprintf(stderr, "----\n%.*s", (int)mended.n, mended.p);
    struct repair_plan second = plan_of(&mended, version, &a, &source);
    if (getenv("SHOW"))
        fprintf(stderr, "edits %zu, then %zu; reached %zu of %zu, then %zu of %zu\n",
                plan.edit_count, second.edit_count, plan.messages.reached, plan.messages.expected,
                second.messages.reached, second.messages.expected);
    /* what would load less, or call for more, is refused: control/repair_apply.c, app/commands */
    bool is_refused = plan.is_unsettled || second.edit_count > 0 ||
                      second.messages.reached < plan.messages.reached;

    struct marks before = {0}, after = {0};
    if (plan.can_resume)
        note_records(&before, file, plan.loaded, plan.loaded_count);
    note_records(&after, mended, second.loaded, second.loaded_count);
    note_records(&after, mended, second.left, second.left_count);
    note_marks(&after, (struct sv){sides.removed.p, sides.removed.n});
    for (size_t i = 0; i <= RECORDS; i++) {
        if (getenv("SHOW") && before.has[i] && !after.has[i])
            fprintf(stderr, "lost: m%03zu\n", i);
    }
    for (size_t i = 0; i <= RECORDS; i++)
        must(is_refused || !before.has[i] || after.has[i]);
    buf_release(&m.file);
    buf_release(&sides.file);
    buf_release(&sides.removed);
    arena_release(&a);
    return 0;
}
