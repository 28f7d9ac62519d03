#include "app/leftover.h"

#include "backup/backup.h"
#include "backup/backup_dir.h"
#include "base/io/digest.h"
#include "base/io/fs.h"
#include "base/json.h"
#include "conversation/head.h"
#include "conversation/message.h"
#include "jsonl/line_check.h"
#include "jsonl/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPORT_BYTES = 8 * 1024 * 1024, /* of the end of a subagent's transcript */
    SHOWN_BYTES = 2048,             /* of a result; */
    ALL_BYTES = 1024 * 1024,        /* with -v */
    HASH_LENGTH = 16,               /* of a file's path, in the name of its versions */
};

struct reading {
    struct context *c;
    const struct backup_source *source;
    struct leftover_item *items;
    size_t count, capacity;
    struct leftover_file *files;
    size_t file_count, file_capacity;
    struct wall until, since; /* as in struct view_leftover */
};

static struct leftover_item *add(struct reading *r, struct leftover_item item)
{
    if (wall_known(r->since) && item.at.ms >= r->until.ms && item.at.ms < r->since.ms)
        return NULL;
    struct leftover_item *slot = ARENA_PUSH(&r->c->arena, r->items, r->count, r->capacity);
    *slot = item;
    return slot;
}

static const char *shown_path(struct reading *r, const struct agent_file *f)
{
    return arena_printf(&r->c->arena, "%s/%s", f->root ? f->root : r->source->store->path, f->path);
}

/* The first or the last bytes of a file. Returns: its size, or negative errno. */
static int64_t read_part(struct reading *r, const struct agent_file *f, size_t limit, bool of_end,
                         struct sv *text)
{
    struct fs_file file;
    int code = fs_open_file_beneath(f->at, f->path, &file);
    if (code < 0)
        return code;
    FS_CLOSE int fd = file.fd;
    size_t room = (uint64_t)file.size_bytes < limit ? (size_t)file.size_bytes : limit;
    char *bytes = arena_alloc(&r->c->arena, room + 1);
    ssize_t n = fs_read_at(fd, bytes, room, of_end ? file.size_bytes - (int64_t)room : 0);
    if (n < 0)
        return n;
    *text = (struct sv){bytes, (size_t)n};
    return file.size_bytes;
}

/* ---- changed files ------------------------------------------------------------------------ */

static struct leftover_file *add_file(struct reading *r, const char *path, const char *name)
{
    struct leftover_file *slot =
        ARENA_PUSH(&r->c->arena, r->files, r->file_count, r->file_capacity);
    *slot = (struct leftover_file){.path = path, .name = name};
    return slot;
}

static struct leftover_file *file_called(struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->file_count; i++)
        if (str_equals(r->files[i].name, name))
            return &r->files[i];
    return NULL;
}

/* file-history/<session>/<the beginning of the digest of its path>@v<number> */
static void count_version(struct reading *r, const struct agent_file *f)
{
    const char *base = str_basename(f->name), *at = strstr(base, "@v");
    const char *name = at ? arena_strndup(&r->c->arena, base, (size_t)(at - base))
                          : arena_strdup(&r->c->arena, base);
    struct leftover_file *file = file_called(r, name);
    (file ? file : add_file(r, NULL, name))->version_count++;
}

/* A tool that changes files was called with it. */
static void note_change(struct reading *r, const struct block *b)
{
    static const char *const tools[] = {"Write", "Edit", "MultiEdit", "NotebookEdit"};
    char sha256[DIGEST_TEXT_SIZE];
    struct digest d;
    size_t i = 0;
    while (i < sizeof tools / sizeof *tools && !sv_equals(b->name, sv_of(tools[i])))
        i++;
    if (b->kind != BLOCK_CALL || i == sizeof tools / sizeof *tools || !b->argument.n)
        return;
    digest_init(&d);
    digest_add(&d, b->argument.p, b->argument.n);
    digest_end(&d, sha256);
    sha256[HASH_LENGTH] = '\0';
    struct leftover_file *file = file_called(r, sha256);
    if (!file)
        file = add_file(r, NULL, arena_strdup(&r->c->arena, sha256));
    file->path = arena_strndup(&r->c->arena, b->argument.p, b->argument.n);
}

/* ---- subagents ---------------------------------------------------------------------------- */

/* Of a record that breaks off what there is of it. Returns: 0 or negative errno. */
static int read_line(struct reading *r, struct sv line, struct event *e, struct message *m)
{
    const struct event_reader *reader = r->source->agent->reader;
    struct arena *a = &r->c->arena;
    BUF_RELEASE struct buf closed = {0};
    int code = line.n ? reader->read_message(a, line, e, m) : -ENODATA;
    if (code < 0 && line_check_complete(line, &closed))
        code = reader->read_message(a, (struct sv){arena_strndup(a, closed.p, closed.n), closed.n},
                                    e, m);
    return code;
}

static void add_report(struct reading *r, const struct agent_file *f)
{
    struct leftover_item item = {
        .kind = LEFTOVER_REPORT,
        .at = {f->seen.mtime_ms},
        .name = r->source->agent->remains->subagent_name(&r->c->arena, f->at, f->path),
        .path = shown_path(r, f),
    };
    struct sv text = {0};
    struct line line;
    bool is_answer = false;
    item.size_bytes = read_part(r, f, REPORT_BYTES, true, &text);
    for (struct lines it = lines_of(text, 0); lines_previous(&it, &line);) {
        struct event e;
        struct message m;
        if (read_line(r, line.text, &e, &m) < 0)
            continue;
        for (size_t i = 0; i < m.block_count; i++) {
            note_change(r, &m.blocks[i]);
            if (is_answer || m.blocks[i].kind != BLOCK_TEXT || !m.blocks[i].text.n)
                continue;
            is_answer = e.kind == EVENT_ASSISTANT_TEXT;
            if (item.text.n && !is_answer) /* what it was asked, where it answered nothing */
                continue;
            item.text = m.blocks[i].text;
            item.at = wall_known(e.at) ? e.at : item.at;
        }
    }
    add(r, item);
}

/* ---- all of it ---------------------------------------------------------------------------- */

static void add_bytes(struct reading *r, const struct agent_file *f, enum leftover_kind kind)
{
    struct leftover_item item = {
        .kind = kind,
        .at = {f->seen.mtime_ms},
        .name = arena_strdup(&r->c->arena, str_basename(f->path)),
        .path = shown_path(r, f),
    };
    item.size_bytes =
        read_part(r, f, r->c->options->verbose ? ALL_BYTES : SHOWN_BYTES, false, &item.text);
    add(r, item);
}

static void read_files(struct reading *r)
{
    const struct agent_files *files = &r->source->listing->files;
    for (size_t i = 0; i < files->count; i++) {
        const struct agent_file *f = &files->items[i];
        if (f->kind == AGENT_FILE_OUTSIDE)
            add_bytes(r, f, LEFTOVER_RESULT);
        if (f->kind != AGENT_FILE_OWN)
            continue;
        switch (agent_part_of(r->source->agent, f->name)) {
        case AGENT_PART_SUBAGENT:
            add_report(r, f);
            break;
        case AGENT_PART_TOOL_RESULT:
            add_bytes(r, f, LEFTOVER_RESULT);
            break;
        case AGENT_PART_LIST:
            add_bytes(r, f, LEFTOVER_LIST);
            break;
        case AGENT_PART_VERSION:
            count_version(r, f);
            break;
        default:
            break;
        }
    }
    for (size_t i = 0; i < files->left_out_count; i++)
        if (files->left_out[i].is_lost)
            context_complainf("%s: %s", files->left_out[i].path, files->left_out[i].why);
}

static void read_prompts(struct reading *r)
{
    struct agent_store store = *r->source->store;
    struct agent_prompts prompts;
    store.arena = &r->c->arena;
    const struct agent *agent = r->source->agent;
    const char *path = agent->history
                           ? arena_printf(&r->c->arena, "%s/%s", store.path, agent->history->file)
                           : NULL;
    agent_read_all_prompts(agent, &store, r->source->transcript.session_id, INT64_MAX, &prompts);
    for (size_t i = 0; i < prompts.count; i++) {
        struct sv text = sv_of(prompts.items[i].text);
        add(r, (struct leftover_item){.kind = LEFTOVER_PROMPT,
                                      .at = prompts.items[i].at,
                                      .path = path,
                                      .text = text,
                                      .size_bytes = (int64_t)text.n});
    }
}

/* A backup of a transcript that was cut or deleted and begun anew lacks what is older. */
static void find_window(struct reading *r, const struct sr_left *left)
{
    struct arena *a = &r->c->arena;
    struct fs_file file;
    struct head head;
    if (!left->backup || !left->backup_bytes ||
        fs_open_file(AT_FDCWD,
                     arena_printf(a, "%s/%s" BACKUP_TRANSCRIPT, r->c->pending_dir, left->backup),
                     &file) < 0)
        return;
    FS_CLOSE int fd = file.fd;
    char *bytes = arena_alloc(a, HEAD_READ_MAX);
    ssize_t n = fs_read_at(fd, bytes, HEAD_READ_MAX, 0);
    if (n < 0)
        return;
    const struct agent *wrote;
    agent_of_records(fd, &wrote);
    head_read(wrote->reader, a, (struct sv){bytes, (size_t)n}, true, &head);
    r->since = backup_dir_time(left->backup);
    r->until = head.lacks_root ? head.first_at : (struct wall){0};
}

static int by_time(const void *a, const void *b)
{
    const struct leftover_item *x = a, *y = b;
    if (x->at.ms != y->at.ms)
        return x->at.ms < y->at.ms ? -1 : 1;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->path, y->path);
}

void leftover_read(struct context *c, const struct sr_snapshot *snapshot,
                   const struct sr_session *s, struct view_leftover *out)
{
    const struct sr_export_options options = {.temporary_dir = c->temporary_dir};
    struct backup_source source = {0};
    struct sr_left *left = arena_alloc(&c->arena, sizeof *left);
    struct reading r = {.c = c, .source = &source};
    struct sr_error error;
    *left = *s->left;
    left->place = left->place ? arena_strdup(&c->arena, left->place) : NULL;
    find_window(&r, left);
    struct lookup found = backup_source_of(snapshot, s, NULL, &options, &source, &error);
    if (found.state == LOOKUP_UNKNOWN) /* what else is there is told all the same */
        context_complain(error.text);
    if (source.agent) {
        backup_list(&source);
        read_files(&r);
        read_prompts(&r);
        backup_source_release(&source);
    }
    if (r.count)
        qsort(r.items, r.count, sizeof(struct leftover_item), by_time);
    *out = (struct view_leftover){
        .session_id = arena_strdup(&c->arena, s->session_id),
        .left = left,
        .until = r.until,
        .since = r.since,
        .items = r.items,
        .item_count = r.count,
        .files = r.files,
        .file_count = r.file_count,
    };
}
