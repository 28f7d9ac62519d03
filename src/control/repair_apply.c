#include "control/repair_apply.h"

#include "backup/io/readback.h"
#include "backup/io/rename_ids.h"
#include "backup/verify.h"
#include "base/io/durable.h"
#include "session/live_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not "*.jsonl": no client is to take it for a transcript. */
#define UNFINISHED ".session-rescue-repair-"

enum { NAMES = 16, UUID_SIZE = 37, SPARE_BYTES = 4 * 1024 * 1024 };

struct work {
    const struct repair_apply_request *request;
    struct repair_examined *e;
    struct arena *arena;
    struct repair_applied *out;
    const char *folder, *name, *unfinished; /* of the transcript */
    int at;                                 /* the folder */
    int file;                               /* the new one, locked; -1 */
    struct backup_dir pending;
    struct quarantine quarantine;
    char sha256[DIGEST_TEXT_SIZE]; /* of the new file */
    int64_t size_bytes;
};

/* ---- the backup --------------------------------------------------------------------------- */

/* All that belongs to a file that lies in no store is the file. */
static void list_lone_file(const struct agent_store *store, const struct agent_transcript *of,
                           const char *temporary, struct agent_listings *listings,
                           struct agent_files *out)
{
    (void)temporary;
    (void)listings;
    struct stat st = {0};
    struct agent_file *file = arena_alloc(store->arena, sizeof *file);
    if (fstatat(store->fd, of->path, &st, 0) < 0)
        st.st_size = of->size_bytes;
    *file = (struct agent_file){
        .kind = AGENT_FILE_TRANSCRIPT,
        .at = store->fd,
        .path = of->path,
        .name = of->path,
        .is_lines = true,
        .seen = fs_file_of(&st),
    };
    *out = (struct agent_files){.arena = store->arena, .items = file, .count = 1, .outside = -1};
}

static const char *uuid_text(struct arena *a, const unsigned char b[static 16])
{
    return arena_printf(a, "%02x%02x%02x%02x-%02x%02x-4%x%02x-%x%x%02x-%02x%02x%02x%02x%02x%02x",
                        b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], 8 + (b[8] & 3),
                        b[8] >> 4, b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* Of a file without a session id in its name: its records', else one made of its path. */
static const char *id_of(const struct work *w)
{
    const char *own = w->e->survey.session_id;
    if (w->request->session_id)
        return w->request->session_id;
    if (str_is_uuid(sv_of(own)))
        return own;
    uint64_t hash[2] = {graph_id_of(sv_of(w->request->path)), graph_id_of(sv_of(w->folder))};
    return uuid_text(w->arena, (const unsigned char *)hash);
}

static int take_backup(struct work *w, struct sr_error *error)
{
    const struct repair_apply_request *q = w->request;
    struct agent_bundle bundle = *w->request->agent->bundle;
    struct agent lone = *w->request->agent;
    struct agent_store store = {.fd = w->at, .path = w->folder, .arena = w->arena};
    struct backup_source source = {
        .agent = &lone,
        .store = &store,
        .transcript = {.session_id = id_of(w),
                       .path = w->name,
                       .size_bytes = w->e->file.size_bytes,
                       .modified_at = {w->e->file.mtime_ms}},
        .host = "",
    };
    struct backup_run run;
    int r = 0;
    bundle.list_files = list_lone_file;
    lone.bundle = &bundle;
    if (q->session)
        r = backup_source_code(
            backup_source_of(q->snapshot, q->session, NULL, q->backup, &source, error));
    if (r == 0)
        r = backup_begin(&run, q->backup, error);
    if (r < 0)
        return r;
    r = backup_take(&run, &source, &w->out->backup, error);
    backup_end(&run);
    w->out->has_backup = r == 0;
    return r;
}

/* The digest that the backup's transcript has. */
static int read_backup(struct work *w, const char **sha256, struct sr_error *error)
{
    struct manifest manifest;
    int r = backup_dir_open(&w->pending, w->request->backup->pending_dir, false, error);
    if (r < 0)
        return r;
    r = verify_read_manifest(&w->pending, w->out->backup.stem, w->arena, &manifest);
    if (r < 0)
        return err_set(error, r, "read the manifest of %s: %s", w->out->backup.stem, err_reason(r));
    *sha256 = arena_strdup(w->arena, manifest.files[0].copied.sha256);
    return 0;
}

/* ---- the new file ------------------------------------------------------------------------- */

static bool is_unchanged(const struct fs_file *then, const struct fs_file *now)
{
    return then->inode == now->inode && then->device == now->device &&
           then->size_bytes == now->size_bytes && then->mtime_ns == now->mtime_ns;
}

/* The file is what was examined, under its name and by itself. */
static int check_unchanged(const struct work *w, struct sr_error *error)
{
    struct fs_file self = w->e->file, named;
    int r = fs_look_again(&self);
    if (r == 0)
        r = fs_open_file(w->at, w->name, &named);
    if (r < 0)
        return err_set(error, r, "look at %s again: %s", w->request->path, err_reason(r));
    fs_close(&named.fd);
    if (!is_unchanged(&w->e->file, &self) || !is_unchanged(&w->e->file, &named))
        return err_set(error, -EAGAIN,
                       "%s was written to meanwhile: somebody uses it; nothing was changed",
                       w->request->path);
    return 0;
}

static int refuse_owner(struct work *w, struct sr_error *error)
{
    struct live_owner_request q = {
        .look = w->request->look,
        .agent = w->request->agent,
        .path = w->request->path,
        .session_id = w->request->session_id,
        .own_id = w->e->survey.session_id[0] ? w->e->survey.session_id : NULL,
    };
    struct live_owner owner;
    int r = live_owner_find(&q, &owner, error);
    if (r == 0 && !owner.pid)
        return 0;
    w->out->was_refused = r == 0 || r == -ENODATA;
    return r < 0
               ? r
               : err_set(error, -EBUSY, "pid %d %s the session: end it first; nothing was changed",
                         owner.pid, owner.is_sure ? "has" : "may have");
}

/*
 * A name for the unfinished file. One that is there and that nobody holds stays: it may be what a
 * killed repair left, and it may be the only copy of an original that could not be put back.
 */
static int choose_name(struct work *w, struct sr_error *error)
{
    const char *first = w->unfinished;
    for (int n = 2; n < NAMES; n++) {
        int fd = durable_open(w->at, w->unfinished, O_RDONLY | O_NOFOLLOW);
        if (fd == -ENOENT)
            return 0;
        if (fd < 0)
            return err_set(error, fd, "open %s/%s: %s", w->folder, w->unfinished, err_reason(fd));
        bool is_held = flock(fd, LOCK_EX | LOCK_NB) < 0;
        close(fd);
        if (is_held)
            return err_set(error, -EBUSY, "%s/%s is there: another repair of this file runs",
                           w->folder, w->unfinished);
        w->out->leftover = arena_printf(w->arena, "%s/%s", w->folder, w->unfinished);
        w->unfinished = arena_printf(w->arena, "%s.%d", first, n);
    }
    return err_set(error, -EEXIST,
                   "%s/%s and %d more are there: look into them, and move them away", w->folder,
                   first, NAMES - 3);
}

static int create_file(struct work *w, struct sr_error *error)
{
    int chosen = choose_name(w, error);
    if (chosen < 0)
        return chosen;
    int fd = durable_create(w->at, w->unfinished);
    if (fd < 0)
        return err_set(error, fd, "create %s/%s: %s", w->folder, w->unfinished, err_reason(fd));
    w->file = fd;
    struct stat st;
    w->out->has_other_names =
        !w->request->as_copy && fstat(w->e->file.fd, &st) == 0 && st.st_nlink > 1;
    int r = TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)) < 0 ? -errno : 0;
    if (r < 0)
        return err_set(error, r, "lock %s/%s: %s", w->folder, w->unfinished, err_reason(r));
    /* a copy is the caller's own where it cannot be another's */
    r = durable_take_rights(fd, w->e->file.fd);
    if (r < 0 && !w->request->as_copy)
        return err_set(error, r,
                       "give %s/%s the owner, group and mode of the original: %s; nothing was "
                       "changed (--as-copy makes a copy of your own)",
                       w->folder, w->unfinished, err_reason(r));
    return 0;
}

/* The bytes go through here once, in order: their digest is the original's, or that of the text
 * which was made of it. */
struct passing {
    struct work *w;
    const struct record_source *source;
    struct digest original, made;
    int64_t size_bytes;
};

static int64_t read_passing(void *context, char *bytes, size_t n, int64_t offset)
{
    struct passing *p = context;
    int64_t got = p->source->read(p->source->context, bytes, n, offset);
    if (got > 0)
        digest_add(&p->original, bytes, (size_t)got);
    return got;
}

static int write_made(void *context, const char *bytes, size_t n)
{
    struct passing *p = context;
    digest_add(&p->made, bytes, n);
    p->size_bytes += (int64_t)n;
    return durable_write(p->w->file, bytes, n);
}

static int keep_removed(void *context, const struct repair_plan_edit *edit, const char *bytes,
                        size_t n, bool is_first)
{
    struct passing *p = context;
    return quarantine_add(&p->w->quarantine, edit, bytes, n, is_first);
}

static int write_file(struct work *w, const char *wanted_sha256, struct sr_error *error)
{
    char original[DIGEST_TEXT_SIZE];
    struct passing p = {.w = w, .source = &w->e->source};
    struct record_source source = w->e->source;
    struct repair_plan_sink sink = {write_made, keep_removed, &p};
    digest_init(&p.original);
    digest_init(&p.made);
    source.read = read_passing;
    source.context = &p;
    int r = repair_plan_write(&source, &w->e->plan, w->out->backup.stem, &sink);
    digest_end(&p.original, original);
    digest_end(&p.made, w->sha256);
    w->size_bytes = p.size_bytes;
    if (r == 0)
        r = durable_sync(w->file);
    if (r < 0)
        return err_set(error, r, "write %s/%s: %s", w->folder, w->unfinished, err_reason(r));
    if (w->e->form.is_other && strcmp(original, w->e->form.sha256) != 0)
        return err_set(error, -EIO, "the text that was made of %s does not read back as it was",
                       w->request->path);
    if (strcmp(w->e->form.is_other ? w->e->form.original_sha256 : original, wanted_sha256) != 0)
        return err_set(error, -EAGAIN, "%s is not what was backed up: it was written to meanwhile",
                       w->request->path);
    r = readback_check(w->at, w->unfinished, w->size_bytes, w->sha256, NULL);
    return r < 0 ? err_set(error, r, "read back %s/%s: %s", w->folder, w->unfinished, err_reason(r))
                 : 0;
}

/*
 * However the plan came about: the file holds as many whole records as the original, less those
 * that the plan says it takes, and with those that it says it adds.
 */
static int check_count(struct work *w, const struct repair_examined *made, struct sr_error *error)
{
    size_t before = 0, after = 0;
    int64_t balance = 0;
    int r = repair_examine_count(w->e, &before);
    if (r == 0)
        r = repair_examine_count(made, &after);
    if (r == 0)
        r = repair_plan_balance(&w->e->source, &w->e->plan, &balance);
    if (r < 0)
        return err_set(error, r, "count the records of %s: %s", w->request->path, err_reason(r));
    if ((int64_t)after < (int64_t)before + balance)
        return err_set(error, -EIO,
                       "the repaired file would hold %zu whole records, where %lld of %zu were to "
                       "stay: nothing was changed; please report this",
                       after, (long long)before + balance, before);
    return 0;
}

/* What was made must load no less than what was there. */
static int examine_made(struct work *w, struct sr_error *error)
{
    struct repair_examined made;
    struct repair_examine_request q = {
        .agent = w->request->agent,
        .at = w->at,
        .path = w->unfinished,
        .shown = arena_printf(w->arena, "%s/%s", w->folder, w->unfinished),
        .options = {.shrinks = w->request->shrinks,
                    .wants_edits = true,
                    .client_version = w->request->client_version},
    };
    int r = repair_examine(&q, w->arena, &made, error);
    if (r < 0)
        return r;
    w->out->messages = made.plan.messages;
    w->out->can_resume = made.plan.can_resume;
    size_t left = made.plan.edit_count + made.form.is_other;
    size_t reached = made.plan.messages.reached;
    r = check_count(w, &made, error);
    repair_examine_release(&made);
    if (r < 0)
        return r;
    if (left || reached < w->e->plan.messages.reached)
        return err_set(error, -EIO,
                       "the repaired file would load %zu of %zu messages, and want %zu more "
                       "changes: nothing was changed; please report this",
                       reached, w->e->plan.messages.expected, left);
    return 0;
}

/* ---- names -------------------------------------------------------------------------------- */

static int sync_folder(struct work *w, struct sr_error *error)
{
    int r = durable_sync(w->at);
    return r < 0 ? err_set(error, r, "sync %s: %s", w->folder, err_reason(r)) : 0;
}

/* The original is under the unfinished name now. Whoever came meanwhile gets it back. */
static int look_after(struct work *w, struct sr_error *error)
{
    struct fs_file original = w->e->file;
    int r = fs_look_again(&original);
    if (r == 0 && !is_unchanged(&w->e->file, &original))
        r = err_set(error, -EAGAIN, "%s was written to at the last moment; it is as it was",
                    w->request->path);
    else if (r < 0)
        err_set(error, r, "look at %s again: %s", w->request->path, err_reason(r));
    if (r == 0)
        r = refuse_owner(w, error);
    if (r == 0)
        return 0;
    int back = durable_exchange(w->at, w->name, w->unfinished);
    if (back < 0)
        err_wrap(error, "%s/%s holds the original", w->folder, w->unfinished);
    else
        durable_sync(w->at);
    return back < 0 ? -ENOTRECOVERABLE : r;
}

static int take_place(struct work *w, struct sr_error *error)
{
    int r = durable_exchange(w->at, w->unfinished, w->name);
    bool was_exchanged = r == 0;
    if (r == -EOPNOTSUPP) /* some network file systems: the original is in the backup alone then */
        r = durable_replace(w->at, w->unfinished, w->at, w->name);
    if (r < 0)
        return err_set(error, r, "rename %s/%s: %s", w->folder, w->unfinished, err_reason(r));
    r = sync_folder(w, error);
    if (r == 0 && was_exchanged)
        r = look_after(w, error);
    else if (was_exchanged && durable_exchange(w->at, w->name, w->unfinished) < 0)
        r = -ENOTRECOVERABLE;
    if (r == -ENOTRECOVERABLE)
        w->unfinished = NULL; /* the only copy of what may have been added to the original */
    return r;
}

static int finish_quarantine(struct work *w, struct sr_error *error)
{
    char name[QUARANTINE_NAME_SIZE];
    const struct repair_examined_form *form = &w->e->form;
    struct quarantine_text text = {normalise_encoding_word(form->encoding), form->joined,
                                   w->e->source.size_bytes, form->sha256};
    int r = quarantine_end(&w->quarantine, w->out->path, w->size_bytes, w->sha256,
                           form->is_other ? &text : NULL);
    if (r == 0)
        r = quarantine_publish(&w->quarantine, name);
    if (r < 0)
        return err_set(error, r, "write the quarantine in %s: %s", w->pending.path, err_reason(r));
    w->out->quarantine = arena_printf(w->arena, "%s/%s", w->pending.path, name);
    return 0;
}

static int make_new_id(struct work *w, struct sr_error *error)
{
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != sizeof b)
        return err_set(error, -EIO, "make a session id: %s", err_reason(-EIO));
    w->out->new_id = uuid_text(w->arena, b);
    w->out->path = arena_printf(w->arena, "%s/%s%s", w->folder, w->out->new_id,
                                w->request->agent->stored->suffix);
    return 0;
}

/* Every record names the new id; ids inside of texts stay, as their quotes are escaped there. */
static int rewrite_copy(struct work *w, const char *renamed)
{
    struct rewritten rewritten;
    const char *member = w->request->agent->repair->id_member;
    const char *old = arena_printf(w->arena, "\"%s\":\"%s\"", member, w->e->survey.session_id);
    const char *new = arena_printf(w->arena, "\"%s\":\"%s\"", member, w->out->new_id);
    if (strlen(old) != strlen(new))
        new = old; /* no session id of a client's: it is the file's name that counts */
    int fd = durable_remove(w->at, renamed);
    if (fd == 0)
        fd = durable_create(w->at, renamed);
    if (fd < 0)
        return fd;
    durable_take_rights(fd, w->file); /* else it is its owner's alone */
    int r = rename_ids_file(w->file, fd, old, new, &rewritten);
    if (r == 0)
        r = durable_sync(fd);
    if (r == 0)
        r = readback_check(w->at, renamed, rewritten.size_bytes, rewritten.sha256, NULL);
    if (r == 0) {
        w->size_bytes = rewritten.size_bytes;
        memcpy(w->sha256, rewritten.sha256, sizeof w->sha256);
    }
    fs_close(&fd);
    return r;
}

static int publish_copy(struct work *w, struct sr_error *error)
{
    const char *renamed = arena_printf(w->arena, "%s.copy", w->unfinished);
    int r = make_new_id(w, error);
    if (r < 0)
        return r;
    r = rewrite_copy(w, renamed);
    if (r < 0)
        err_set(error, r, "write %s/%s: %s", w->folder, renamed, err_reason(r));
    if (r == 0)
        r = finish_quarantine(w, error);
    if (r == 0) {
        r = durable_publish(w->at, renamed, w->at, str_basename(w->out->path));
        if (r < 0)
            err_set(error, r, "write %s: %s", w->out->path, err_reason(r));
    }
    if (r < 0)
        durable_remove(w->at, renamed);
    return r;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int prepare(struct work *w, struct sr_error *error)
{
    const char *sha256 = "";
    int r = refuse_owner(w, error);
    if (r == 0)
        r = durable_check_room(w->at, w->e->source.size_bytes + SPARE_BYTES, w->folder, error);
    if (r == 0)
        r = take_backup(w, error);
    if (r == 0)
        r = read_backup(w, &sha256, error);
    if (r == 0 && (r = quarantine_begin(&w->quarantine, w->pending.fd, w->out->backup.stem)) < 0)
        err_set(error, r, "create the quarantine in %s: %s", w->pending.path, err_reason(r));
    if (r == 0)
        r = create_file(w, error);
    if (r == 0)
        r = write_file(w, sha256, error);
    return r == 0 ? examine_made(w, error) : r;
}

/* The quarantine is there before the original is not. */
static int put_in_place(struct work *w, struct sr_error *error)
{
    int r = check_unchanged(w, error);
    if (r == 0)
        r = refuse_owner(w, error);
    if (r == 0 && w->request->as_copy)
        return publish_copy(w, error);
    w->out->path = w->request->path;
    if (r == 0)
        r = finish_quarantine(w, error);
    return r == 0 ? take_place(w, error) : r;
}

int repair_apply(const struct repair_apply_request *q, struct repair_examined *e, struct arena *a,
                 struct repair_applied *out, struct sr_error *error)
{
    const char *name = str_basename(q->path);
    *out = (struct repair_applied){0};
    struct work w = {
        .request = q,
        .e = e,
        .arena = a,
        .out = out,
        .folder =
            name - 1 == q->path ? "/" : arena_strndup(a, q->path, (size_t)(name - q->path) - 1),
        .name = name,
        .unfinished = arena_printf(a, UNFINISHED "%s", name),
        .at = -1,
        .file = -1,
        .pending = {.fd = -1, .lock = -1},
        .quarantine = {.fd = -1},
    };
    /* a link stays: what it leads to is mended */
    int r =
        fs_enter_file(AT_FDCWD, q->path, agent_file_suffix(q->agent), geteuid(), a, &w.at, &w.name);
    if (r < 0)
        return err_set(error, r, "follow %s: %s", q->path, err_reason(r));
    char real[PATH_MAX] = "";
    if (r == 0 && !realpath(q->path, real)) {
        r = -errno;
        fs_close(&w.at);
        return err_set(error, r, "follow %s: %s", q->path, err_reason(r));
    }
    if (r == 0) {
        w.folder = arena_strndup(a, real, (size_t)(str_basename(real) - real) - 1);
        w.unfinished = arena_printf(a, UNFINISHED "%s", w.name);
    } else {
        w.at = fs_open_dir(AT_FDCWD, w.folder);
    }
    r = w.at < 0 ? err_set(error, w.at, "open %s: %s", w.folder, err_reason(w.at))
                 : prepare(&w, error);
    if (r == 0)
        r = put_in_place(&w, error);
    out->size_bytes = w.size_bytes;
    quarantine_release(&w.quarantine);
    if (w.file >= 0 && w.unfinished)
        durable_remove(w.at, w.unfinished);
    fs_close(&w.file);
    if (r == 0)
        durable_sync(w.at);
    backup_dir_close(&w.pending);
    fs_close(&w.at);
    return r;
}
