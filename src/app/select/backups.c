#include "app/select/backups.h"

#include "agents/agent.h"
#include "app/select/which.h"
#include "backup/backup_dir.h"
#include "base/err.h"

#include <errno.h>
#include <string.h>

static const char *const suffixes[] = {BACKUP_TRANSCRIPT, ".json", ".sha256", ".files"};

/* "/dir/<stem>.files/a/b" -> "/dir" and "<stem>": by the first part that begins as a stem does. */
static bool split_path(struct arena *a, const char *word, const char **folder, const char **stem)
{
    for (const char *part = word; part; part = strchr(part, '/')) {
        part += *part == '/';
        struct sv name = {part, strcspn(part, "/")};
        for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
            if (sv_ends_with(name, sv_of(suffixes[i]))) {
                name.n -= strlen(suffixes[i]);
                break;
            }
        if (!backup_dir_is_stem(name))
            continue;
        *stem = arena_strndup(a, name.p, name.n);
        *folder = part == word       ? NULL
                  : part == word + 1 ? "/"
                                     : arena_strndup(a, word, (size_t)(part - word) - 1);
        return true;
    }
    return false;
}

static int find_by_id(struct arena *a, const char *pending_dir, const char *prefix,
                      const char **stem, struct sr_error *error)
{
    struct backup_dir pending;
    struct backup_dir_entry *entries;
    size_t count;
    int r = backup_dir_open(&pending, pending_dir, false, error);
    if (r < 0)
        return r;
    r = backup_dir_list(&pending, a, &entries, &count);
    backup_dir_close(&pending);
    if (r < 0)
        return err_set(error, r, "list %s: %s", pending_dir, err_reason(r));
    const struct backup_dir_entry *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!entries[i].is_complete || !agent_id_begins(entries[i].session_id, prefix))
            continue;
        if (found && !str_equals(found->session_id, entries[i].session_id))
            return err_set(error, -EEXIST, "'%s' names backups of several sessions: %s and %s",
                           prefix, found->session_id, entries[i].session_id);
        found = &entries[i];
    }
    if (!found)
        return err_set(error, -ENOENT, "there is no backup of a session '%s' in %s", prefix,
                       pending_dir);
    *stem = found->stem;
    return 0;
}

int backups_find(struct arena *a, const char *pending_dir, const char *word, const char **folder,
                 const char **stem, struct sr_error *error)
{
    struct which which;
    if (split_path(a, word, folder, stem))
        return 0;
    *folder = NULL;
    if (which_parse(a, word, &which, error) < 0 || which.kind != WHICH_SESSION)
        return err_set(error, -EINVAL,
                       "'%s' is no file of a backup, no name of one, and no session id", word);
    return find_by_id(a, pending_dir, which.prefix, stem, error);
}

/* That none can be read is no reason to do nothing else. */
static struct backups *list_once(struct context *c)
{
    struct sr_error error;
    if (c->backups)
        return c->backups;
    struct backups *b = c->backups = arena_alloc(&c->arena, sizeof *b);
    *b = (struct backups){.pending = {.fd = -1, .lock = -1}};
    if (!c->pending_dir)
        return b;
    b->is_unknown = !context_answers(c, c->pending_dir);
    if (b->is_unknown)
        return b;
    int r = backup_dir_open(&b->pending, c->pending_dir, false, &error);
    if (r == 0) {
        r = backup_dir_list(&b->pending, &c->arena, &b->entries, &b->count);
        if (r < 0)
            err_set(&error, r, "list %s: %s", c->pending_dir, err_reason(r));
    }
    if (r < 0 && r != -ENOENT) {
        b->is_unknown = true;
        err_wrap(&error, "whether a backup holds more is not known");
        context_complain(error.text);
    }
    return b;
}

bool backups_fullest(struct context *c, const char *session_id, int than_fd, int64_t than_bytes,
                     const char **stem, int64_t *size_bytes)
{
    struct backups *b = list_once(c);
    struct sr_error error;
    const struct backup_dir_entry *found;
    struct lookup seen = backup_dir_fuller(&b->pending, b->entries, b->count, session_id, than_fd,
                                           than_bytes, &found, size_bytes);
    *stem = found ? found->stem : NULL;
    if (seen.state == LOOKUP_UNKNOWN) {
        err_set(&error, seen.code,
                "whether a backup holds more is not known: %s/%s" BACKUP_TRANSCRIPT ": %s",
                c->pending_dir, seen.where, err_reason(seen.code));
        context_complain(error.text);
    }
    return !b->is_unknown && seen.state != LOOKUP_UNKNOWN;
}

bool backups_find_fullest(void *context, const char *session_id, const char **stem,
                          int64_t *size_bytes)
{
    return backups_fullest(context, session_id, -1, -1, stem, size_bytes);
}

void backups_close(struct context *c)
{
    if (c->backups)
        backup_dir_close(&c->backups->pending);
    c->backups = NULL;
}
