#include "session/activity.h"

#include "base/io/fs.h"
#include "repair/normalise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void complain(const struct store *store, const struct agent_transcript *t, int code)
{
    problems_add(store->io.problems,
                 arena_printf(store->io.arena, "%s/%s", store->io.path, t->path), code, NULL);
}

int activity_read_tail(const struct store *store, const struct agent_transcript *t,
                       struct tail_result *out)
{
    struct fs_file file;
    int r = agent_open_records(store->agent, &store->io, t, AGENT_END, &file);
    if (r < 0)
        return r;
    FS_CLOSE int fd = file.fd;

    struct record_source source = {
        .read = fs_read_source, .context = &fd, .size_bytes = file.size_bytes};
    return tail_read(store->agent->reader, &source, store->io.arena, out);
}

int activity_read_last(const struct store *store, const struct agent_transcript *t,
                       struct last_message *out)
{
    static const size_t sizes[] = {LAST_MESSAGE_READ_FIRST, LAST_MESSAGE_READ_MAX};
    char bytes[LAST_MESSAGE_READ_MAX];
    struct fs_file file;
    if (t->listed) {
        *out = (struct last_message){.at = t->modified_at};
        return 0;
    }
    int r = fs_open_linked(store->io.fd, t->path, &file);
    if (r < 0)
        return r;
    FS_CLOSE int fd = file.fd;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        bool is_whole = file.size_bytes <= (int64_t)size;
        ssize_t n = fs_read_at(fd, bytes, size, is_whole ? 0 : file.size_bytes - (int64_t)size);
        if (n < 0)
            return (int)n;
        if (last_message_look(store->agent->reader, store->io.arena, (struct sv){bytes, (size_t)n},
                              is_whole, out))
            break;
    }
    return 0;
}

static struct wall later(struct wall a, struct wall b)
{
    return a.ms > b.ms ? a : b;
}

static void read_subagents(const struct store *store, const struct agent_transcript *of,
                           struct activity *out)
{
    struct agent_transcript *files;
    size_t count;
    out->subagents = agent_list_subagents(store->agent, &store->io, of, &files, &count);
    out->subagent_count = count;
    agent_sort_newest_first(files, count);
    for (size_t i = 0; i < count && i < ACTIVITY_SUBAGENTS_READ; i++) {
        struct tail_result tail;
        int r = activity_read_tail(store, &files[i], &tail);
        if (r < 0) {
            complain(store, &files[i], r);
            out->subagents = lookup_unknown(r, files[i].path);
            continue;
        }
        if (tail.last_event_at.ms > out->subagent_at.ms) {
            out->subagent_at = tail.last_event_at;
            out->subagent_is_busy = tail.turn != TAIL_TURN_OVER && tail.turn != TAIL_TURN_UNKNOWN;
        }
    }
}

/* Where no line is a record: clients since 2.1.197 load those that stand over several. */
static bool has_records_over_lines(const struct store *store,
                                   const struct agent_transcript *transcript)
{
    struct fs_file file;
    struct normalise_found found;
    if (store->agent->records || fs_open_linked(store->io.fd, transcript->path, &file) < 0)
        return true; /* not known: nothing is said against it */
    FS_CLOSE int fd = file.fd;
    struct record_source source = {
        .read = fs_read_source, .context = &fd, .size_bytes = file.size_bytes};
    if (normalise_find(&source, 0, false, &found) < 0)
        return true;
    return found.of_session > 0 && !found.is_array;
}

void activity_read(const struct store *store, const struct agent_transcript *transcript,
                   struct activity *out)
{
    *out = (struct activity){0};
    int r = activity_read_tail(store, transcript, &out->tail);
    if (r < 0) {
        complain(store, transcript, r);
        return;
    }
    out->is_known = true;
    if (out->tail.holds_no_conversation &&
        out->tail.oddities.unparsable_lines > out->tail.oddities.nul_lines)
        out->tail.holds_no_conversation = !has_records_over_lines(store, transcript);
    read_subagents(store, transcript, out);
    out->last_at = later(out->tail.last_event_at, out->subagent_at);
}

int activity_read_head(const struct store *store, const struct agent_transcript *transcript,
                       struct head *out)
{
    struct fs_file file;
    int r = agent_open_records(store->agent, &store->io, transcript, AGENT_BEGINNING, &file);
    if (r < 0)
        return r;
    FS_CLOSE int fd = file.fd;

    char *bytes = NULL;
    struct head head = {0};
    size_t room = HEAD_READ_FIRST;
    for (;;) {
        bytes = mem_resize(bytes, room);
        ssize_t n = fs_read_at(fd, bytes, room, 0);
        if (n < 0) {
            r = (int)n;
            break;
        }
        bool is_all = (size_t)n < room || room >= HEAD_READ_MAX;
        head_read(store->agent->reader, store->io.arena, (struct sv){bytes, (size_t)n}, false,
                  &head);
        if (head.is_enough || is_all)
            break;
        room = HEAD_READ_MAX;
    }
    free(bytes);
    if (r == 0 && head.record_count == 0)
        r = -ENODATA;
    if (r == 0)
        *out = head;
    return r;
}

const char *activity_directory(const struct store *store, const struct agent_transcript *transcript,
                               const struct head *head, const struct tail_result *tail,
                               const char *hint)
{
    if (transcript->listed)
        return transcript->listed->cwd;
    struct sv folder = agent_folder_of(store->agent, transcript->path);
    const char *named[HEAD_CWDS_MAX + 3] = {tail->relocated_to, hint};
    size_t count = 2;
    for (size_t i = 0; i < head->cwd_count; i++)
        named[count++] = head->cwds[i];
    named[count++] = tail->cwd;
    for (size_t i = 0; i < count; i++)
        if (named[i] &&
            sv_equals(sv_of(agent_project_folder(store->agent, &store->io, named[i])), folder))
            return named[i];
    const char *(*directory)(const struct agent_store *, const char *) =
        store->agent->stored->directory;
    const char *kept = directory ? directory(&store->io, transcript->session_id) : NULL;
    bool is_its =
        kept && sv_equals(sv_of(agent_project_folder(store->agent, &store->io, kept)), folder);
    return is_its ? kept : tail->relocated_to;
}
