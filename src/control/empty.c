#include "control/empty.h"

#include "session/evidence/collect.h"

#include <errno.h>

static int check_status(const struct session *s, struct sr_error *error)
{
    const struct agent_registration *r = s->registration;
    char since[WALL_TEXT_SIZE];
    if (!r || !r->status)
        return err_set(error, -EPERM, "its client does not say whether it has been at work");
    if (wall_known(r->started_at) && wall_known(r->status_at) &&
        r->status_at.ms <= r->started_at.ms)
        return 0;
    return err_set(
        error, -EPERM, "its client has been at work since it started (%s since %s)", r->status,
        wall_known(r->status_at) ? wall_format(r->status_at, since) : "an unstated time");
}

/* What it took up when it was started is in its memory, whatever was said in it since. */
static int check_arguments(const struct session *s, struct sr_error *error)
{
    if (s->live->argv.count == 0)
        return err_set(error, -EPERM, "its command line cannot be read");
    const char *option;
    int r = agent_takes_up(s->live->agent, &s->live->argv, &option);
    if (r < 0)
        return err_set(error, -EPERM,
                       "it is not known how a client of this kind continues an earlier session");
    if (!option)
        return 0;
    return err_set(error, -EPERM,
                   "it was started with %s, and may hold the earlier session that it continues",
                   option);
}

/* Of what carries the session's id, in the store and beside it. */
static int check_files(const struct backup_source *source, struct sr_error *error)
{
    const struct agent_files *files = &source->listing->files;
    for (size_t i = 0; i < files->left_out_count; i++)
        if (files->left_out[i].is_lost)
            return err_set(error, -EPERM, "it is not known whether files of it are there: %s: %s",
                           files->left_out[i].path, files->left_out[i].why);
    for (size_t i = 0; i < files->count; i++) {
        const struct agent_file *f = &files->items[i];
        if (f->kind == AGENT_FILE_OWN || f->kind == AGENT_FILE_OUTSIDE)
            return err_set(error, -EPERM, "it has files (%s)", f->name);
        struct lookup prompt =
            f->kind == AGENT_FILE_LINES ? fs_find(f->at, f->path, f->mark) : lookup_absent();
        if (prompt.state == LOOKUP_UNKNOWN)
            return err_set(error, -EPERM,
                           "it is not known whether a prompt was given in it: %s/%s: %s",
                           source->store->path, f->path, err_reason(prompt.code));
        if (prompt.state == LOOKUP_FOUND)
            return err_set(error, -EPERM, "%s/%s holds one of its prompts", source->store->path,
                           f->path);
    }
    return 0;
}

static int check_connections(struct snapshot *snap, const struct session *s, struct sr_error *error)
{
    struct connection_list sockets;
    const struct sock **items;
    size_t count;
    connection_list_all(snap, &sockets);
    int r = connection_find(snap, s, &sockets, &snap->arena, &items, &count);
    if (r < 0)
        return err_set(error, -EPERM,
                       "it is not known whether it has asked its model: its connections cannot be "
                       "seen: %s",
                       err_reason(r));
    for (size_t i = 0; i < count; i++)
        if (items[i]->bytes_sent < 0 || items[i]->bytes_sent >= CONNECTION_REQUEST_BYTES)
            return err_set(error, -EPERM, "it has a connection to its model (%s), and %s",
                           items[i]->remote_address,
                           items[i]->bytes_sent < 0 ? "how much was sent on it is not known"
                                                    : "has sent a request on it");
    return 0;
}

int empty_prove(const struct sr_snapshot *snapshot, const struct sr_session *session,
                const struct backup_source *source, struct sr_error *error)
{
    struct snapshot *snap = (struct snapshot *)snapshot;
    const struct session *s = &snap->sessions[session - snapshot->sessions];
    int r = check_status(s, error);
    if (r == 0)
        r = check_arguments(s, error);
    if (r == 0)
        r = check_files(source, error);
    return r == 0 ? check_connections(snap, s, error) : r;
}
