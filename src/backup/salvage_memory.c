#include "backup/salvage_memory.h"

#include "agents/agent.h"
#include "base/io/digest.h"
#include "base/io/fs.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "platform/memory.h"
#include "platform/process/pidref.h"
#include "platform/terminal/tmux.h"
#include "salvage/secrets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct memory_limits limits = {
    .bytes = 2ll * 1024 * 1024 * 1024, /* clients have 130 to 300 MB */
    .ms = 20000,                       /* which takes 0.1 to 0.3 s */
};

/* ---- what is on disk ---------------------------------------------------------------------- */

static bool is_on_disk(void *context, struct sv json)
{
    const struct session *s = context;
    struct agent_transcript *subagents = NULL;
    size_t count = 0;
    int at = s->store->io.fd;
    /* what could not be looked through may not hold it: it is kept twice rather than not at all */
    bool found = fs_find(at, s->transcript.path, json).state == LOOKUP_FOUND;
    if (!found)
        agent_list_subagents(s->store->agent, &s->store->io, &s->transcript, &subagents, &count);
    for (size_t i = 0; i < count && !found; i++)
        found = fs_find(at, subagents[i].path, json).state == LOOKUP_FOUND;
    return found;
}

/* ---- finding ------------------------------------------------------------------------------ */

static bool stands_still(const struct sr_session *s)
{
    return s->verdict == SR_HUNG || s->verdict == SR_STOPPED;
}

/* Returns: why there can be no half reply; NULL: there may be one. */
static const char *why_no_reply(struct salvage_memory *out, const struct session *in)
{
    const struct sr_session *s = out->session;
    if (!in->live->agent->salvage)
        return arena_printf(&out->arena, "how %s keeps a reply in memory is not known",
                            in->live->agent->title);
    if (session_can_read_store(in) && in->has_transcript.state == LOOKUP_ABSENT)
        return "there is no transcript, to tell what is new";
    if (!session_can_read_store(in) || !session_has_transcript(in) || !in->activity.is_known)
        return "its transcript cannot be read, to tell what is new";
    enum tail_turn turn = in->activity.tail.turn;
    if (turn != TAIL_TURN_AWAITS_REPLY && turn != TAIL_TURN_REPLYING)
        return arena_printf(&out->arena, "it is not in the middle of a reply (its turn: %s)",
                            tail_turn_word(turn));
    return str_equals(s->cause, "no-reply") ? "no reply has begun" : NULL;
}

static const char *why_not_read(int code)
{
    switch (code) {
    case -EPERM:
    case -EACCES:
        return "its memory may not be read by this user: root may, or a user with CAP_SYS_PTRACE "
               "(kernel.yama.ptrace_scope)";
    case -EFBIG:
        return "its memory is larger than what is read at most (2 GB)";
    case -ENOMEM:
        return "there is too little free memory to copy its own";
    case -ETIME:
        return "its memory was not read within 20 s";
    case -ESRCH:
        return "it has ended";
    default:
        return err_reason(code);
    }
}

static void add_part(struct salvage_memory *out, struct memory_search_text found)
{
    if (out->part_count == SALVAGE_MEMORY_PARTS_MAX)
        return;
    BUF_RELEASE struct buf text = {0};
    size_t redacted = secrets_redact(found.text, &text);
    found.text = (struct sv){arena_strndup(&out->arena, text.p ? text.p : "", text.n), text.n};
    out->parts[out->part_count++] = (struct salvage_memory_part){found, redacted};
}

static void add_prompt(struct salvage_memory *out, const struct agent_salvage *salvage,
                       const struct memory_search_search *search, struct sv shown)
{
    struct memory_search_text found = {
        .kind = MEMORY_SEARCH_PROMPT,
        .sureness = MEMORY_SEARCH_LIKELY,
        .text = shown,
        .why = "from the prompt box on its tmux pane, which folds lines: where a line ends, the "
               "user may have typed a blank",
    };
    if (search && salvage->find_typed(search, shown, &out->arena, &found.text)) {
        found.sureness = MEMORY_SEARCH_SURE;
        found.why = "from the prompt box on its tmux pane, and the same in a string of the client";
    }
    if (sv_find(shown, 0, SV("[Pasted text")) < shown.n) {
        found.sureness = MEMORY_SEARCH_UNSURE;
        found.why = "from the prompt box on its tmux pane, which stands for pasted text with a "
                    "number";
    }
    add_part(out, found);
}

/* Returns: 0, and the copy; or why there is none. Another process by then: nothing. */
static int read_memory(const struct snapshot *snap, const struct sr_session *s,
                       struct memory_image *image)
{
    struct pidref ref;
    struct proc_stat stat;
    int r = pidref_open(&snap->proc, s->pid, s->start_ticks, &ref);
    if (r < 0)
        return r;
    r = memory_read(&snap->proc, s->pid, &limits, image);
    int still = r == 0 ? pidref_look(&ref, &snap->proc, &stat) : 0;
    if (still < 0) {
        memory_release(image);
        r = still;
    }
    pidref_close(&ref);
    return r;
}

/* Returns: what is typed in its prompt box, as its pane shows it; empty where that is not known. */
static struct sv read_prompt(const struct sr_session *s, const struct live *live, struct arena *a)
{
    const char *path = live->environment_known ? proc_variable(&live->environment, "PATH") : NULL;
    struct tmux tmux;
    struct sv shown = {0};
    const char *screen;
    if (tmux_open(a, &s->multiplexer, path, &tmux) == 0 && tmux_has_terminal(&tmux, a, s->tty) &&
        tmux_screen_with_looks(&tmux, a, &screen) == 0)
        agent_read_typed(live->agent, sv_of(screen), a, &shown);
    return shown;
}

static void note_counts(struct salvage_memory *out, const char *why_none)
{
    struct arena *a = &out->arena;
    BUF_RELEASE struct buf text = {0};
    if (out->part_count == 0)
        buf_addf(&text, "nothing salvaged from the memory of pid %d: %s", out->session->pid,
                 why_none);
    for (size_t i = 0; i < out->part_count; i++) {
        const struct salvage_memory_part *p = &out->parts[i];
        buf_addf(&text, "%s%s of %zu bytes (sure: %s)", i ? ", " : "salvaged from memory: ",
                 p->found.kind == MEMORY_SEARCH_REPLY    ? "the half of a reply"
                 : p->found.kind == MEMORY_SEARCH_PROMPT ? "a prompt that was not sent"
                                                         : "the half of its thinking",
                 p->found.text.n, memory_search_sureness_word(p->found.sureness));
        if (p->redacted)
            buf_addf(&text, ", %zu that look like credentials left out", p->redacted);
    }
    if (out->part_count && why_none)
        buf_addf(&text, "; of the reply nothing: %s", why_none);
    out->note = arena_strdup(a, text.p);
}

static bool has_reply(const struct salvage_memory *out)
{
    for (size_t i = 0; i < out->part_count; i++)
        if (out->parts[i].found.kind == MEMORY_SEARCH_REPLY)
            return true;
    return false;
}

static void note_image(struct salvage_memory *out, const struct memory_image *image)
{
    out->bytes_read = image->bytes_read;
    out->elapsed_ms = image->elapsed_ms;
    out->table_bytes_before = image->table_bytes_before;
    out->table_bytes_after = image->table_bytes_after;
}

/* Returns: why it holds no reply; NULL: it does. */
static const char *look_in_memory(const struct snapshot *snap, const struct session *in,
                                  struct sv shown, const char *why_no, struct salvage_memory *out)
{
    const struct agent_salvage *salvage = in->live->agent->salvage;
    struct memory_image image;
    int r = read_memory(snap, out->session, &image);
    if (r < 0) {
        if (shown.n)
            add_prompt(out, salvage, NULL, shown);
        return why_no ? why_no : why_not_read(r);
    }
    struct memory_search_search search = {image.runs, image.run_count, is_on_disk, (void *)in};
    struct memory_search_found found = {0};
    if (!why_no)
        salvage->find(&search, &out->arena, &found);
    for (size_t i = 0; i < found.count; i++)
        add_part(out, found.items[i]);
    if (shown.n)
        add_prompt(out, salvage, &search, shown);
    note_image(out, &image);
    memory_release(&image);
    return why_no ? why_no : has_reply(out) ? NULL : "no text of a reply was recognised in it";
}

void salvage_memory_take(const struct sr_snapshot *snapshot, const struct sr_session *session,
                         bool is_dry_run, struct salvage_memory *out)
{
    const struct snapshot *snap = (const struct snapshot *)snapshot;
    const struct session *in = &snap->sessions[session - snapshot->sessions];
    struct sv shown = {0};
    *out = (struct salvage_memory){.session = session, .taken_at = wall_now(), .bytes_read = -1};
    /* Of one that does not stand still nothing is sought, and nothing is said. */
    if (!session->pid || !snap->proc.is_live || session->candidate_count || !stands_still(session))
        return;
    const char *why_no = why_no_reply(out, in);
    if (is_dry_run && !why_no)
        why_no = "it would be read (--dry-run)";
    if (!is_dry_run && in->live->agent->salvage)
        shown = read_prompt(session, in->live, &out->arena);
    if ((!why_no && !is_dry_run) || shown.n)
        why_no = look_in_memory(snap, in, shown, why_no, out);
    note_counts(out, why_no);
}

/* ---- a whole conversation ------------------------------------------------------------------ */

/* Returns: why its memory is not looked into; NULL: it is. */
static const char *why_no_conversation(struct salvage_memory *out, const struct session *in,
                                       bool is_dry_run)
{
    const struct agent *agent = in->live->agent;
    if (!agent->salvage || !agent->salvage->recall)
        return arena_printf(&out->arena, "how %s keeps a conversation in memory is not known",
                            agent->title);
    if (!out->session->session_id || out->session->candidate_count)
        return "which session it has is not known";
    return is_dry_run ? "it would be read (--dry-run)" : NULL;
}

static void add_recalled(struct salvage_memory *out, const struct agent_recall *r)
{
    struct arena *a = &out->arena;
    add_part(out, (struct memory_search_text){MEMORY_SEARCH_REQUEST, MEMORY_SEARCH_SURE, r->request,
                                              "what the last request in memory carried"});
    out->parts[0].redacted = r->redacted;
    if (r->others.n)
        add_part(out, (struct memory_search_text){
                          MEMORY_SEARCH_OTHERS, MEMORY_SEARCH_UNSURE, r->others,
                          "in other requests of the session: older forms of what the last one has, "
                          "of a subagent, taken back, or from before a compaction"});
    for (size_t i = 0; r->found && i < r->found->count; i++)
        add_part(out, r->found->items[i]);
    out->note = arena_printf(
        a,
        "from the memory of pid %d, session %s: %zu messages, %zu of them seen twice at least%s%s; "
        "whether that is all is not proven",
        out->session->pid, out->session->session_id, r->message_count, r->sure_count,
        r->has_reply ? ", the last from the stream of its reply" : "",
        r->redacted ? arena_printf(a, "; %zu that look like credentials left out", r->redacted)
                    : "");
}

void salvage_memory_recall(const struct sr_snapshot *snapshot, const struct sr_session *session,
                           bool is_dry_run, struct salvage_memory *out)
{
    const struct snapshot *snap = (const struct snapshot *)snapshot;
    const struct session *in = &snap->sessions[session - snapshot->sessions];
    struct memory_image image;
    struct agent_recall recall;
    *out = (struct salvage_memory){.session = session, .taken_at = wall_now(), .bytes_read = -1};
    if (!session->pid || !snap->proc.is_live)
        return;
    const char *why_no = why_no_conversation(out, in, is_dry_run);
    int r = why_no ? 0 : read_memory(snap, session, &image);
    if (r < 0)
        why_no = why_not_read(r);
    if (!why_no) {
        char id[UUID_TEXT_SIZE];
        uuid_derive(arena_printf(&out->arena, "%s from memory", session->session_id), id);
        const struct memory_search_search search = {image.runs, image.run_count, NULL, NULL};
        const struct agent_recall_request request = {
            .search = &search,
            .session_id = session->session_id,
            .new_id = arena_strdup(&out->arena, id),
            .cwd = session->cwd,
            .version = session->version,
            .began = {session->started_at_ms},
            .is_in_turn = stands_still(session),
        };
        note_image(out, &image);
        if (in->live->agent->salvage->recall(&request, &out->arena, &recall)) {
            out->new_id = request.new_id;
            out->records = recall.records;
            add_recalled(out, &recall);
        } else {
            why_no = "no request of the session was recognised in it; newer clients give it back "
                     "within a minute of being idle";
        }
        memory_release(&image);
    }
    if (why_no)
        out->note = arena_printf(&out->arena, "no conversation from the memory of pid %d: %s",
                                 session->pid, why_no);
}

void salvage_memory_release(struct salvage_memory *salvage)
{
    arena_release(&salvage->arena);
    salvage->part_count = 0;
}

/* ---- the file ----------------------------------------------------------------------------- */

/* What a terminal would obey, or not show, is written as JSON, where it is escaped. */
static bool is_plain(struct sv text)
{
    BUF_RELEASE struct buf shown = {0};
    size_t whitespace = 0;
    for (size_t i = 0; i < text.n; i++)
        whitespace += text.p[i] == '\n' || text.p[i] == '\t';
    utf8_add_printable(&shown, text, 0);
    bool plain = shown.n == text.n + whitespace; /* "\n" and "\t" take one more each */
    return plain;
}

static void add_ascii_json(struct buf *out, struct sv text)
{
    struct json_document *d = json_document_new();
    struct json_node *root = json_array(d);
    char *copy = mem_resize(NULL, text.n + 1);
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    for (size_t i = 0; i < text.n; i++)
        if (copy[i] == '\0')
            copy[i] = ' '; /* a C string cannot hold one; no text that was seen does */
    json_put_string(d, root, NULL, copy);
    json_finish(d, root, true, out);
    free(copy);
}

/* Longer than any row of backticks in the text. */
static size_t fence_length(struct sv text)
{
    size_t longest = 0, row = 0;
    for (size_t i = 0; i < text.n; i++) {
        row = text.p[i] == '`' ? row + 1 : 0;
        longest = row > longest ? row : longest;
    }
    return longest < 3 ? 3 : longest + 1;
}

static void write_head(const struct salvage_memory *s, struct buf *out)
{
    const struct sr_session *session = s->session;
    char taken[WALL_TEXT_SIZE], started[WALL_TEXT_SIZE];
    if (s->records.n)
        buf_addf(
            out,
            "# A conversation from memory\n\nThe transcript beside this file was made from the "
            "memory of the client of session\n%s. Each of its records says in \"salvaged\" how "
            "sure it is, and from what.\nTheir times and ids are made up: memory tells none. What "
            "fits nowhere in it is here.\n\n",
            session->session_id);
    else
        buf_adds(out,
                 "# Salvaged from memory\n\n"
                 "What the client had received or been typed, and had not written to its "
                 "transcript. It is no "
                 "part of\nthe transcript; `session-rescue --restore --with-salvage` appends a "
                 "reply to it.\n\n");
    buf_addf(out, "- session: %s\n", session->session_id ? session->session_id : "not known");
    buf_addf(out, "- process: pid %d, started %s, version %s\n", session->pid,
             wall_format((struct wall){session->started_at_ms}, started),
             session->version ? session->version : "not known");
    buf_addf(out, "- taken: %s\n", wall_format(s->taken_at, taken));
    buf_addf(out, "- state: %s, %s\n", sr_verdict_word(session->verdict),
             session->cause ? session->cause : "not known");
    if (s->bytes_read >= 0)
        buf_addf(out,
                 "- read: %lld bytes of its memory in %lld ms; its page tables took %lld bytes "
                 "before and "
                 "%lld after\n",
                 (long long)s->bytes_read, (long long)s->elapsed_ms,
                 (long long)s->table_bytes_before, (long long)s->table_bytes_after);
}

static void write_part(const struct salvage_memory_part *p, struct buf *out,
                       struct manifest_part *part)
{
    static const char *const titles[] = {
        [MEMORY_SEARCH_REPLY] = "Reply, streamed in part",
        [MEMORY_SEARCH_THINKING] = "Thinking, streamed in part (no part of the reply)",
        [MEMORY_SEARCH_PROMPT] = "Prompt, typed and not sent",
        [MEMORY_SEARCH_REQUEST] =
            "The messages of the last request, with all that the client put in",
        [MEMORY_SEARCH_OTHERS] = "Messages that only other requests have",
    };
    struct sv text = p->found.text;
    BUF_RELEASE struct buf json = {0};
    struct digest digest;
    part->kind = memory_search_kind_word(p->found.kind);
    part->sureness = memory_search_sureness_word(p->found.sureness);
    part->is_json = !is_plain(text);
    if (part->is_json)
        add_ascii_json(&json, text);
    while (part->is_json && json.n && json.p[json.n - 1] == '\n')
        json.n--;
    struct sv kept = part->is_json ? (struct sv){json.p, json.n} : text;
    digest_init(&digest);
    digest_add(&digest, kept.p, kept.n);
    digest_end(&digest, part->sha256);
    part->size_bytes = (int64_t)kept.n;

    buf_addf(out,
             "\n## %s\n\n- sure: %s\n- found: %s\n- redacted: %zu\n- encoding: %s\n- bytes: %zu\n- "
             "sha256: %s\n",
             titles[p->found.kind], part->sureness, p->found.why, p->redacted,
             part->is_json ? "JSON, an array of one string" : "plain", kept.n, part->sha256);
    buf_adds(out, "\nThe bytes begin behind the line end of the next line.\n\n");
    size_t fence = fence_length(kept);
    buf_fill(out, '`', fence);
    buf_adds(out, part->is_json ? "json\n" : "text\n");
    part->offset_bytes = (int64_t)out->n;
    buf_add(out, kept.p, kept.n);
    buf_adds(out, "\n");
    buf_fill(out, '`', fence);
    buf_adds(out, "\n");
}

void salvage_memory_write(const struct salvage_memory *s, struct buf *out, struct arena *a,
                          struct manifest_part **parts)
{
    struct manifest_part *made = arena_alloc(a, (s->part_count + 1) * sizeof *made);
    write_head(s, out);
    for (size_t i = 0; i < s->part_count; i++)
        write_part(&s->parts[i], out, &made[i]);
    *parts = made;
}

/* "high" before "medium" before "low". */
static enum memory_search_sureness sureness_of(const char *word)
{
    enum memory_search_sureness s = MEMORY_SEARCH_SURE;
    while (s < MEMORY_SEARCH_UNSURE && !str_equals(word, memory_search_sureness_word(s)))
        s++;
    return s;
}

static bool part_is_in(const struct manifest_part *part, const struct manifest_file *file)
{
    for (size_t i = 0; file && i < file->part_count; i++) {
        const struct manifest_part *there = &file->parts[i];
        if (strcmp(part->sha256, there->sha256) == 0 && str_equals(part->kind, there->kind) &&
            sureness_of(there->sureness) <= sureness_of(part->sureness))
            return true;
    }
    return false;
}

bool salvage_memory_is_in(const struct salvage_memory *s, const struct manifest_file *file)
{
    ARENA_RELEASE struct arena a = {0};
    BUF_RELEASE struct buf text = {0};
    struct manifest_part *parts;
    bool all = true;
    salvage_memory_write(s, &text, &a, &parts);
    for (size_t i = 0; i < s->part_count; i++)
        all = all && part_is_in(&parts[i], file);
    return all;
}

/* ---- back into a transcript ---------------------------------------------------------------- */

enum { SALVAGE_LIMIT = 64 * 1024 * 1024 };

/* The one reply that was found, whatever part it is. */
static const struct manifest_part *find_reply(const struct manifest *m, size_t *file)
{
    const struct manifest_part *reply = NULL;
    for (size_t i = 0; i < m->file_count; i++)
        for (size_t j = 0; j < m->files[i].part_count; j++) {
            const struct manifest_part *p = &m->files[i].parts[j];
            if (!str_equals(p->kind, memory_search_kind_word(MEMORY_SEARCH_REPLY)) ||
                str_equals(p->sureness, memory_search_sureness_word(MEMORY_SEARCH_UNSURE)))
                continue;
            reply = p;
            *file = i;
        }
    return reply;
}

static int read_reply(const struct salvage_memory_source *q, struct arena *a, struct sv *text,
                      struct sr_error *error)
{
    size_t file;
    struct sv bytes;
    char sha256[DIGEST_TEXT_SIZE];
    const struct manifest_part *part = find_reply(q->manifest, &file);
    if (!part)
        return err_set(error, -ENODATA, "the backup holds no salvaged reply that is sure enough");
    int r = fs_read_small(q->pending->fd, q->names[file], SALVAGE_LIMIT, a, &bytes);
    if (r < 0)
        return err_set(error, r, "read %s: %s", q->names[file], err_reason(r));
    if (part->offset_bytes > (int64_t)bytes.n ||
        part->size_bytes > (int64_t)bytes.n - part->offset_bytes)
        return err_set(error, -EBADMSG, "%s ends before the reply that the manifest tells of",
                       q->names[file]);
    *text = sv_slice(bytes, (size_t)part->offset_bytes,
                     (size_t)(part->offset_bytes + part->size_bytes));
    struct digest d;
    digest_init(&d);
    digest_add(&d, text->p, text->n);
    digest_end(&d, sha256);
    const struct json_value *root;
    if (strcmp(sha256, part->sha256) != 0 ||
        (part->is_json && (json_parse(a, *text, &root) < 0 ||
                           !json_string(json_is_array(root) ? json_first(root) : NULL, text))))
        return err_set(error, -EBADMSG, "%s does not hold the reply that the manifest tells of",
                       q->names[file]);
    return 0;
}

static int read_tail(const struct salvage_memory_source *q, struct arena *a,
                     struct tail_result *out)
{
    struct fs_file file;
    int r = fs_open_file_beneath(q->pending->fd, q->names[0], &file);
    if (r < 0)
        return r;
    struct record_source source = {
        .read = fs_read_source, .context = &file.fd, .size_bytes = file.size_bytes};
    r = tail_read(q->agent->reader, &source, a, out);
    fs_close(&file.fd);
    return r;
}

int salvage_memory_read_records(const struct salvage_memory_source *q, struct arena *a,
                                struct sv *records, struct sr_error *error)
{
    struct sv text;
    struct tail_result tail;
    char ids[3][UUID_TEXT_SIZE];
    if (!q->agent->salvage)
        return err_set(error, -EOPNOTSUPP,
                       "how a reply is put into a transcript of %s is not known", q->agent->title);
    int r = read_reply(q, a, &text, error);
    if (r < 0)
        return r;
    r = read_tail(q, a, &tail);
    for (size_t i = 0; i < 3 && r == 0; i++)
        r = uuid_make(ids[i]);
    if (r < 0)
        return err_set(error, r, "read %s: %s", q->names[0], err_reason(r));
    if (!tail.leaf_uuid || (tail.turn != TAIL_TURN_AWAITS_REPLY && tail.turn != TAIL_TURN_REPLYING))
        return err_set(error, -EEXIST,
                       "the salvaged reply has no place in the transcript: its turn is %s",
                       tail_turn_word(tail.turn));
    BUF_RELEASE struct buf out = {0};
    if (!q->manifest->files[0].copied.ends_in_newline)
        buf_adds(&out, "\n"); /* or the first record is glued to the stump */
    const struct agent_reply reply = {
        .text = arena_strndup(a, text.p, text.n),
        .parent = tail.leaf_uuid,
        .uuid = {ids[0], ids[1], ids[2]},
        .session_id = q->session_id,
        .cwd = tail.cwd,
        .version = tail.version,
    };
    q->agent->salvage->add_records(&reply, &out);
    *records = (struct sv){arena_strndup(a, out.p, out.n), out.n};
    return 0;
}
