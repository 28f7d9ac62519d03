#include "backup/restore.h"

#include "backup/io/rename_ids.h"
#include "backup/io/stream.h"
#include "backup/quarantine.h"
#include "backup/salvage_memory.h"
#include "base/io/durable.h"
#include "base/io/fs.h"
#include "base/uuid.h"
#include "session/live_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGING ".session-rescue-restore-"

enum {
    NAME_LIMIT = 1000000,
    LINES_LIMIT = 1024 * 1024 * 1024, /* of the prompt history */
};

const char *restore_fate_word(enum restore_fate fate)
{
    static const char *const words[] = {
        "write", "is there already", "left as it is", "append", "kept in the backup", "conflict",
    };
    return words[fate];
}

/* ---- the plan ----------------------------------------------------------------------------- */

/* A file alone, repaired where it lay: it goes back there, and nowhere else. */
static bool lay_in_no_store(const struct manifest *m)
{
    return !strchr(m->files[0].name, '/');
}

/* The folder, below the config directory, in which the client will look for the session. */
static const char *project_folder(struct restore_plan *plan, const struct restore_request *q,
                                  int root)
{
    if (lay_in_no_store(&plan->verified.manifest))
        return "";
    if (q->cwd || (plan->agent->stored->folder_in && plan->cwd)) {
        struct problems problems = {.arena = plan->arena};
        struct agent_store store = {
            .fd = root, .path = plan->config_dir, .arena = plan->arena, .problems = &problems};
        return agent_project_folder(plan->agent, &store, plan->cwd);
    }
    struct sv folder = agent_folder_of(plan->agent, plan->verified.manifest.files[0].name);
    return arena_strndup(plan->arena, folder.p, folder.n);
}

/* A name in a manifest is input: it must not lead out of the config directory. */
static bool is_below(const char *name)
{
    if (*name == '/' || *name == '\0')
        return false;
    for (const char *p = name; p; p = strchr(p, '/')) {
        p += *p == '/';
        size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
            return false;
    }
    return true;
}

static bool is_rewritten(const struct restore_plan *plan, const struct manifest_file *f)
{
    /* what the client reads by its ids; a tool's output or a user's file is nobody's to change */
    return plan->has_new_id &&
           (f->kind == AGENT_FILE_TRANSCRIPT || f->kind == AGENT_FILE_LINES ||
            (f->kind == AGENT_FILE_OWN && (str_ends_with(f->name, plan->agent->stored->suffix) ||
                                           str_ends_with(f->name, ".json"))));
}

static const char *describe_difference(struct arena *a, int64_t there, int64_t wanted)
{
    char size[STR_SIZE_TEXT];
    if (there == wanted)
        return "is there and differs";
    str_format_size(there > wanted ? there - wanted : wanted - there, size);
    return arena_printf(a, "is there and is %s %s", size, there > wanted ? "longer" : "shorter");
}

/* Where a file of the store really is, by what links of the user's say. Returns: a descriptor of
 * the folder that *below is named from, or negative errno. */
static int enter(const struct restore_plan *plan, int root, const char *to, const char **below)
{
    struct stat st;
    const char *rest, *name;
    int place = -1, folder;
    if (fstat(root, &st) < 0)
        return -errno;
    int r = fs_enter(root, to, agent_linked_parts(plan->agent, to), st.st_uid, &place, &rest);
    if (r < 0)
        return r;
    if (place < 0)
        place = fcntl(root, F_DUPFD_CLOEXEC, 0);
    if (place < 0)
        return -errno;
    r = fs_enter_file(place, rest, agent_file_suffix(plan->agent), st.st_uid, plan->arena, &folder,
                      &name);
    if (r == 0) {
        close(place);
        place = folder;
        rest = name;
    } else if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
        close(place);
        return r;
    }
    *below = rest;
    return place;
}

/* Whether the file in the backup is longer, and its first bytes have that digest. */
static bool begins_with(const struct restore_request *q, const struct restore_step *step,
                        int64_t size_bytes, const char *expected)
{
    struct fs_file copy;
    char sha256[DIGEST_TEXT_SIZE];
    if (size_bytes >= step->file->copied.size_bytes ||
        fs_open_file_beneath(q->pending->fd, step->from, &copy) < 0)
        return false;
    bool same = stream_read(copy.fd, size_bytes, NULL, NULL, sha256) == size_bytes &&
                strcmp(sha256, expected) == 0;
    fs_close(&copy.fd);
    return same;
}

static void judge_existing(const struct restore_request *q, struct restore_plan *plan, int root,
                           struct restore_step *step)
{
    const struct manifest_file *f = step->file;
    struct fs_file there;
    char sha256[DIGEST_TEXT_SIZE];
    const char *below;
    FS_CLOSE int at = enter(plan, root, step->to, &below);
    int r = at < 0 ? at : fs_open_file_beneath(at, below, &there);
    if (r == -ENOENT)
        return;
    bool is_same = false, is_repaired = false, is_beginning = false;
    if (r == 0) {
        bool is_read = !is_rewritten(plan, f) && stream_read(there.fd, there.size_bytes, NULL, NULL,
                                                             sha256) == there.size_bytes;
        is_same = is_read && there.size_bytes == f->copied.size_bytes &&
                  strcmp(sha256, f->copied.sha256) == 0;
        is_repaired = is_read && f->kind == AGENT_FILE_TRANSCRIPT &&
                      quarantine_tells_of(q->pending->fd, q->stem, sha256);
        is_beginning = is_read && f->kind != AGENT_FILE_SHARED &&
                       begins_with(q, step, there.size_bytes, sha256);
        fs_close(&there.fd);
    }
    if (is_same) {
        step->fate = RESTORE_IS_THERE;
    } else if (is_repaired || is_beginning) {
        char size[STR_SIZE_TEXT];
        step->replaces = true;
        step->there = there;
        step->why = is_repaired ? "in place of what a repair made of it"
                                : arena_printf(plan->arena, "in place of its first %s",
                                               str_format_size(there.size_bytes, size));
    } else if (r == 0 && f->kind == AGENT_FILE_SHARED) {
        step->fate = RESTORE_LEAVE;
    } else {
        step->fate = RESTORE_CONFLICT;
        step->why = r < 0
                        ? err_reason(r)
                        : describe_difference(plan->arena, there.size_bytes, f->copied.size_bytes);
        plan->conflict_count++;
    }
}

/* Records that are in no file: are they there? */
static int judge_records(const struct restore_request *q, struct restore_plan *plan, int root,
                         struct restore_step *step, struct sr_error *error)
{
    const struct agent_records *records = plan->agent->records;
    struct problems problems = {.arena = plan->arena};
    struct agent_store store = {
        .fd = root, .path = plan->config_dir, .arena = plan->arena, .problems = &problems};
    struct fs_file copy;
    const char *why;
    int r = fs_open_file_beneath(q->pending->fd, step->from, &copy);
    if (r < 0)
        return err_set(error, r, "read %s/%s: %s", q->pending->path, step->from, err_reason(r));
    const struct agent_kept kept = {step->rows_of, copy.fd};
    r = records->compare(&store, &kept, &why);
    fs_close(&copy.fd);
    if (r < 0 && r != -EEXIST)
        return err_set(error, r, "%s/%s: %s; nothing was changed", plan->config_dir, records->file,
                       why);
    step->fate = r > 0 ? RESTORE_IS_THERE : r < 0 ? RESTORE_CONFLICT : RESTORE_WRITE;
    plan->conflict_count += r < 0;
    step->why = r < 0 ? why : r == 0 ? arena_printf(plan->arena, "as %s", records->kind) : NULL;
    return 0;
}

/* folder: of the session; NULL: each file keeps the name that it had. */
static int add_step(const struct restore_request *q, struct restore_plan *plan, int root,
                    const char *folder, size_t i, struct sr_error *error)
{
    const struct manifest_file *f = &plan->verified.manifest.files[i];
    struct restore_step *step = &plan->steps[plan->step_count++];
    *step = (struct restore_step){.file = f, .from = plan->verified.names[i], .fate = RESTORE_KEEP};
    if (f->is_torn_tail || f->kind == AGENT_FILE_RECORD || f->kind == AGENT_FILE_OUTSIDE ||
        f->kind == AGENT_FILE_SALVAGE || f->copied.state == COPY_MISSING)
        return 0;
    bool has_folder = folder || plan->agent->records; /* records lie in none */
    step->to = !has_folder ? f->name
                           : plan->agent->bundle->renamed(plan->arena, f->name, plan->old_id,
                                                          plan->session_id, folder);
    if (!is_below(step->to))
        return err_set(error, -EBADMSG, "the manifest names a file '%s' outside", f->name);
    step->fate = f->kind == AGENT_FILE_LINES ? RESTORE_APPEND : RESTORE_WRITE;
    if (plan->agent->records)
        step->rows_of = plan->agent->records->id_of(plan->arena, f->name);
    if (step->rows_of)
        return judge_records(q, plan, root, step, error);
    if (root >= 0 && step->fate == RESTORE_WRITE)
        judge_existing(q, plan, root, step);
    return 0;
}

static int add_steps(const struct restore_request *q, struct restore_plan *plan,
                     struct sr_error *error)
{
    const struct manifest *m = &plan->verified.manifest;
    FS_CLOSE int root = fs_open_dir(AT_FDCWD, plan->config_dir);
    if (root < 0 && root != -ENOENT)
        return err_set(error, root, "open %s: %s", plan->config_dir, err_reason(root));
    const char *folder = project_folder(plan, q, root);
    struct sv had = agent_folder_of(plan->agent, m->files[0].name);
    if (!plan->has_new_id && sv_equals(had, sv_of(folder)))
        folder = NULL; /* also one in which the client does not look */
    plan->steps = arena_alloc(plan->arena, (m->file_count + 1) * sizeof *plan->steps);
    int r = 0;
    for (size_t i = 1; i < m->file_count && r == 0; i++)
        r = add_step(q, plan, root, folder, i, error);
    return r < 0 ? r : add_step(q, plan, root, folder, 0, error);
}

/* A client that writes the same transcript would tear what is restored, and the other way round. */
static int refuse_owner(const struct restore_request *q, const struct restore_plan *plan,
                        struct sr_error *error)
{
    struct sr_options look = *q->look;
    struct stat st;
    if (stat(plan->config_dir, &st) < 0 && errno == ENOENT)
        return 0; /* nobody works in a config directory that is still to be made */
    if (!lay_in_no_store(&plan->verified.manifest)) {
        look.config_dirs = &plan->config_dir;
        look.config_dir_count = 1;
    }
    const struct live_owner_request asked = {
        .look = &look, .agent = plan->agent, .session_id = plan->session_id};
    struct live_owner owner;
    int r = live_owner_find(&asked, &owner, error);
    if (r == 0 && owner.pid)
        r = err_set(error, -EBUSY, "pid %d on %s %s session %s: end it first, or use --new-id",
                    owner.pid, owner.where, owner.is_sure ? "has" : "may have", plan->session_id);
    return r;
}

static int choose_id(const struct restore_request *q, struct restore_plan *plan,
                     struct sr_error *error)
{
    char text[UUID_TEXT_SIZE];
    plan->old_id = plan->session_id = plan->verified.manifest.session_id;
    if (!q->under_new_id)
        return 0;
    int r = uuid_make(text);
    if (r < 0)
        return err_set(error, r, "make a session id: %s", err_reason(r));
    const char *begins = plan->agent->stored->id_begins;
    plan->session_id = arena_printf(plan->arena, "%s%s", begins ? begins : "", text);
    plan->has_new_id = true;
    return 0;
}

static int choose_places(const struct restore_request *q, struct restore_plan *plan,
                         struct sr_error *error)
{
    const struct manifest *m = &plan->verified.manifest;
    char real[PATH_MAX];
    plan->config_dir = q->config_dir && !lay_in_no_store(m) ? q->config_dir : m->config_dir;
    if (!plan->config_dir)
        return err_set(error, -EINVAL, "the backup names no config directory: give --config-dir");
    plan->config_dir = fs_absolute(plan->arena, plan->config_dir);
    plan->cwd = m->cwd;
    if (!q->cwd)
        return 0;
    if (!realpath(q->cwd, real))
        return err_set(error, -errno, "--cwd %s: %s", q->cwd, err_reason(-errno));
    plan->cwd = arena_strdup(plan->arena, real);
    return 0;
}

/* The transcript is the last step. Where it is there already, the reply goes behind it. */
static int add_salvage(const struct restore_request *q, struct restore_plan *plan,
                       struct sr_error *error)
{
    struct salvage_memory_source source = {q->pending, &plan->verified.manifest,
                                           plan->verified.names, plan->agent, plan->session_id};
    struct restore_step *transcript = &plan->steps[plan->step_count - 1];
    if (!q->with_salvage)
        return 0;
    if (transcript->file->copied.state == COPY_MISSING)
        return err_set(error, -ENODATA, "%s has no transcript that a reply could go behind",
                       q->stem);
    int r = salvage_memory_read_records(&source, plan->arena, &plan->salvaged, error);
    if (r == 0 && transcript->fate == RESTORE_IS_THERE)
        transcript->fate = RESTORE_APPEND;
    return r;
}

/* What is in place, or takes its place, is no second copy. */
static void find_elsewhere(struct restore_plan *plan)
{
    const struct restore_step *transcript = &plan->steps[plan->step_count - 1];
    struct problems problems = {.arena = plan->arena};
    struct agent_transcript other;
    char size[STR_SIZE_TEXT];
    if (plan->has_new_id || lay_in_no_store(&plan->verified.manifest) ||
        transcript->fate != RESTORE_WRITE || transcript->replaces)
        return;
    FS_CLOSE int root = fs_open_dir(AT_FDCWD, plan->config_dir);
    struct agent_store store = {
        .fd = root, .path = plan->config_dir, .arena = plan->arena, .problems = &problems};
    struct lookup seen = root == -ENOENT ? lookup_absent()
                         : root < 0
                             ? lookup_unknown(root, plan->config_dir)
                             : plan->agent->stored->find(&store, plan->session_id, NULL, &other);
    if (seen.state == LOOKUP_FOUND)
        plan->elsewhere =
            arena_printf(plan->arena, "session %s lives in %s/%s (%s)", plan->session_id,
                         plan->config_dir, other.path, str_format_size(other.size_bytes, size));
    else if (seen.state == LOOKUP_UNKNOWN)
        plan->elsewhere = arena_printf(plan->arena,
                                       "whether session %s lives in another folder is not known: "
                                       "read %s: %s",
                                       plan->session_id, seen.where ? seen.where : plan->config_dir,
                                       err_reason(seen.code));
}

/* What a session of records would need to become another, or another directory's, is not known. */
static int can_restore(const struct restore_request *q, const struct agent *agent,
                       struct sr_error *error)
{
    const char *what = !agent->bundle->renamed || (agent->records && !agent->records->put_back)
                           ? "putting it back"
                       : agent->records && q->under_new_id ? "--new-id"
                       : agent->records && q->cwd          ? "--cwd"
                                                           : NULL;
    return what ? err_set(error, -EOPNOTSUPP,
                          "%s: --restore: %s is not known for its sessions; nothing was touched",
                          agent->name, what)
                : 0;
}

int restore_plan(const struct restore_request *q, struct arena *a, struct restore_plan *out,
                 struct sr_error *error)
{
    struct restore_plan plan = {.arena = a};
    verify_backup(q->pending, q->stem, a, &plan.verified);
    if (!verify_holds(&plan.verified))
        return err_set(error, -EBADMSG, "%s is %s: %s %s", q->stem,
                       verify_word(plan.verified.verdict), plan.verified.findings[0].file,
                       plan.verified.findings[0].what);
    plan.agent = agent_by_name(plan.verified.manifest.agent);
    if (!plan.agent)
        return err_set(error, -EBADMSG, "%s is of an agent '%s' that is not known", q->stem,
                       plan.verified.manifest.agent);
    int r = can_restore(q, plan.agent, error);
    if (r < 0)
        return r;
    r = choose_id(q, &plan, error);
    if (r == 0)
        r = choose_places(q, &plan, error);
    if (r == 0)
        r = refuse_owner(q, &plan, error);
    if (r == 0)
        r = add_steps(q, &plan, error);
    if (r == 0)
        r = add_salvage(q, &plan, error);
    if (r < 0)
        return r;
    find_elsewhere(&plan);
    *out = plan;
    return r;
}

/* ---- doing it ----------------------------------------------------------------------------- */

/* A folder that files are written below: the config directory, or where a link of it leads. What
 * is staged lies in the same one, and so on the same file system. */
struct place {
    int fd, staging; /* staging -1: nothing is staged here */
    uint64_t device, inode;
    int64_t total_bytes;
    const char *shown; /* the config directory, or what is put back by way of a link */
};

struct work {
    const struct restore_request *request;
    struct restore_plan *plan;
    struct place *places; /* the config directory is the first */
    size_t place_count;
    size_t *place_of;   /* by step */
    const char **below; /* by step: its path from there; NULL: none */
    int64_t done_bytes, total_bytes;
};

/* Returns: 0, -EWOULDBLOCK when somebody has it, or another errno. */
static int lock_now(int fd)
{
    int r;
    do
        r = flock(fd, LOCK_EX | LOCK_NB);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : 0;
}

/* Folders of restores that were killed: nobody holds their lock. */
static int clean(int root)
{
    ARENA_RELEASE struct arena a = {0};
    struct fs_name *names;
    size_t count = 0;
    int r = fs_list(root, ".", NAME_LIMIT, &a, &names, &count);
    for (size_t i = 0; r == 0 && i < count; i++) {
        if (!str_starts_with(names[i].name, STAGING))
            continue;
        FS_CLOSE int fd = durable_open(root, names[i].name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (fd >= 0 && lock_now(fd) == 0)
            r = durable_remove(root, names[i].name);
    }
    return r;
}

static int open_staging(struct place *p, const char *name, struct sr_error *error)
{
    int r = clean(p->fd);
    if (r < 0)
        return err_set(error, r, "remove what a restore left in %s: %s", p->shown, err_reason(r));
    if (mkdirat(p->fd, name, 0700) < 0)
        return err_set(error, -errno, "make %s/%s: %s", p->shown, name,
                       errno == EEXIST ? "another restore of this session is running"
                                       : err_reason(-errno));
    int fd = durable_open(p->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    r = fd < 0 ? fd : lock_now(fd);
    if (r < 0) {
        err_set(error, r, "lock %s/%s: %s", p->shown, name, err_reason(r));
        fs_close(&fd);
        durable_remove(p->fd, name);
        return r;
    }
    p->staging = fd;
    return 0;
}

/* Takes fd over. Returns: which place it is, or negative errno. */
static int add_place(struct work *w, int fd, const char *shown)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    for (size_t i = 0; i < w->place_count; i++)
        if (w->places[i].device == st.st_dev && w->places[i].inode == st.st_ino) {
            close(fd);
            return (int)i;
        }
    w->places[w->place_count] = (struct place){fd, -1, st.st_dev, st.st_ino, 0, shown};
    return (int)w->place_count++;
}

static int find_places(struct work *w, struct sr_error *error)
{
    struct restore_plan *plan = w->plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct restore_step *step = &plan->steps[i];
        if (step->fate != RESTORE_WRITE && step->fate != RESTORE_APPEND)
            continue;
        if (step->rows_of) { /* into a file of the agent's, by way of its log */
            w->places[0].total_bytes += 2 * step->file->copied.size_bytes;
            continue;
        }
        int fd = enter(plan, w->places[0].fd, step->to, &w->below[i]);
        int r = fd < 0 ? fd
                       : add_place(w, fd,
                                   arena_printf(plan->arena, "%s/%s", plan->config_dir, step->to));
        if (r < 0)
            return err_set(error, r, "put back %s/%s: %s", plan->config_dir, step->to,
                           err_reason(r));
        w->place_of[i] = (size_t)r;
        w->places[r].total_bytes += step->file->copied.size_bytes;
        w->total_bytes += step->file->copied.size_bytes;
    }
    return 0;
}

static struct place *place_of(const struct work *w, size_t step)
{
    return &w->places[w->place_of[step]];
}

static int put(void *context, const char *bytes, size_t n)
{
    return durable_write(*(int *)context, bytes, n);
}

/* Behind the transcript, where a salvaged reply is wanted. */
static int add_salvaged(struct work *w, int to)
{
    struct sv records = w->plan->salvaged;
    return records.n ? durable_append(to, "\n", records.p, records.n) : 0;
}

/* The transcript is there, and was the backup's a moment ago. In one write, as the client does. */
static int append_salvaged(struct work *w, size_t i)
{
    const struct place *p = place_of(w, i);
    struct fs_file there;
    int r = fs_open_file_beneath(p->fd, w->below[i], &there);
    if (r < 0)
        return r;
    fs_close(&there.fd);
    if (there.size_bytes != w->plan->steps[i].file->copied.size_bytes)
        return -EEXIST;
    FS_CLOSE int fd = durable_open(p->fd, w->below[i], O_RDWR | O_APPEND | O_NOFOLLOW);
    return fd < 0 ? fd : add_salvaged(w, fd);
}

/* Returns: 0 or negative errno; what was written has been read back. */
static int write_aside(struct work *w, size_t i, const char *name)
{
    const struct restore_step *step = &w->plan->steps[i];
    int staging = place_of(w, i)->staging;
    struct rewritten written = {0};
    struct fs_file from;
    int r = fs_open_file_beneath(w->request->pending->fd, step->from, &from);
    if (r < 0)
        return r;
    FS_CLOSE int from_fd = from.fd;
    r = durable_create(staging, name);
    if (r < 0)
        return r;
    FS_CLOSE int to = r;
    bool rewrites = is_rewritten(w->plan, step->file);
    if (rewrites) {
        r = rename_ids_file(from_fd, to, w->plan->old_id, w->plan->session_id, &written);
    } else {
        int64_t n = stream_read(from_fd, from.size_bytes, put, &to, written.sha256);
        written.size_bytes = n;
        r = n < 0 ? (int)n : 0;
    }
    if (r < 0)
        return r;
    if (!rewrites && strcmp(written.sha256, step->file->copied.sha256) != 0)
        return -EIO; /* it was sound a moment ago */
    w->plan->ids_rewritten += written.count;
    r = durable_sync(to);
    if (r == 0)
        r = readback_check(staging, name, written.size_bytes, written.sha256, NULL);
    if (r < 0)
        return r;
    return step->file->kind == AGENT_FILE_TRANSCRIPT ? add_salvaged(w, to) : 0;
}

static const char *staged_name(struct work *w, size_t i)
{
    return arena_printf(w->plan->arena, "%zu", i);
}

static int stage(struct work *w, struct sr_error *error)
{
    struct restore_plan *plan = w->plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct restore_step *step = &plan->steps[i];
        if (step->fate != RESTORE_WRITE || step->rows_of)
            continue;
        int r = write_aside(w, i, staged_name(w, i));
        if (r < 0)
            return err_set(error, r, "write %s/%s: %s", plan->config_dir, step->to, err_reason(r));
        w->done_bytes += step->file->copied.size_bytes;
        if (w->request->progress)
            w->request->progress(w->request->context, w->done_bytes, w->total_bytes);
    }
    int r = 0;
    for (size_t i = 0; i < w->place_count && r == 0; i++)
        r = w->places[i].staging >= 0 ? durable_sync(w->places[i].staging) : 0;
    return r < 0 ? err_set(error, r, "sync %s: %s", plan->config_dir, err_reason(r)) : 0;
}

/* Adds to missing what of lines does not stand in text. */
static void find_missing(struct sv text, struct sv lines, struct buf *missing)
{
    for (struct sv line; lines.n;) {
        bool ends = sv_cut_line(&lines, &line);
        line.n += ends; /* with its newline */
        if (sv_find(text, 0, line) == text.n)
            buf_add(missing, line.p, line.n);
    }
}

/* The user's own history goes on meanwhile: what is missing is appended in one write. */
static int append_lines(struct work *w, size_t i)
{
    const struct restore_step *step = &w->plan->steps[i];
    const struct place *p = place_of(w, i);
    ARENA_RELEASE struct arena a = {0};
    struct sv lines, there = {0};
    BUF_RELEASE struct buf missing = {0};
    int r = fs_read_small(w->request->pending->fd, step->from, LINES_LIMIT, &a, &lines);
    if (r == 0) {
        char *copy = arena_strndup(&a, lines.p, lines.n);
        if (w->plan->has_new_id)
            w->plan->ids_rewritten +=
                rename_ids_bytes(copy, lines.n, w->plan->old_id, w->plan->session_id);
        lines.p = copy;
        r = fs_read_small(p->fd, w->below[i], LINES_LIMIT, &a, &there);
    }
    if (r == 0 || r == -ENOENT) {
        find_missing(there, lines, &missing);
        r = 0;
        if (missing.n) {
            int fd = durable_open(p->fd, w->below[i], O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW);
            r = fd < 0 ? fd : durable_append(fd, "\n", missing.p, missing.n);
            fs_close(&fd);
        }
    }
    return r;
}

/*
 * Nobody has written to what is replaced since the plan looked at it. What takes its place gets its
 * rights; where they are not the caller's to give, it is its owner's alone.
 */
static bool is_as_planned(int folder, const char *name, const struct fs_file *then, int staged)
{
    struct fs_file now;
    if (fs_open_file(folder, name, &now) < 0)
        return false;
    bool is_it = now.inode == then->inode && now.device == then->device &&
                 now.size_bytes == then->size_bytes && now.mtime_ns == then->mtime_ns;
    if (is_it && staged >= 0)
        durable_take_rights(staged, now.fd);
    fs_close(&now.fd);
    return is_it;
}

static int publish_one(struct work *w, size_t i)
{
    const struct restore_step *step = &w->plan->steps[i];
    const struct place *p = place_of(w, i);
    const char *name = str_basename(w->below[i]);
    const char *path = arena_strndup(w->plan->arena, w->below[i], (size_t)(name - w->below[i]));
    FS_CLOSE int folder = durable_make_dirs(p->fd, path, false);
    if (folder < 0)
        return folder;
    FS_CLOSE int staged =
        step->replaces ? durable_open(p->staging, staged_name(w, i), O_RDONLY | O_NOFOLLOW) : -1;
    if (step->replaces && !is_as_planned(folder, name, &step->there, staged))
        return -EEXIST;
    return step->replaces ? durable_replace(p->staging, staged_name(w, i), folder, name)
                          : durable_publish(p->staging, staged_name(w, i), folder, name);
}

/* The records that are in no file, in one go. */
static int put_records(struct work *w, struct sr_error *error)
{
    struct restore_plan *plan = w->plan;
    struct problems problems = {.arena = plan->arena};
    struct agent_store store = {.fd = w->places[0].fd,
                                .path = plan->config_dir,
                                .arena = plan->arena,
                                .problems = &problems};
    struct agent_kept *kept = arena_alloc(plan->arena, plan->step_count * sizeof *kept);
    const char *why = NULL;
    size_t count = 0;
    int r = 0;
    for (size_t i = 0; i < plan->step_count && r == 0; i++) {
        const struct restore_step *step = &plan->steps[i];
        struct fs_file copy;
        if (!step->rows_of || step->fate != RESTORE_WRITE)
            continue;
        r = fs_open_file_beneath(w->request->pending->fd, step->from, &copy);
        why = err_reason(r);
        if (r == 0)
            kept[count++] = (struct agent_kept){step->rows_of, copy.fd};
    }
    if (r == 0 && count)
        r = plan->agent->records->put_back(&store, kept, count, &why);
    for (size_t i = 0; i < count; i++)
        fs_close(&kept[i].fd);
    return r < 0 ? err_set(error, r, "%s/%s: %s; no session was restored", plan->config_dir,
                           plan->agent->records->file, why)
                 : 0;
}

static int publish(struct work *w, struct sr_error *error)
{
    struct restore_plan *plan = w->plan;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct restore_step *step = &plan->steps[i];
        int r = step->rows_of                               ? 0
                : step->fate == RESTORE_WRITE               ? publish_one(w, i)
                : step->fate != RESTORE_APPEND              ? 0
                : step->file->kind == AGENT_FILE_TRANSCRIPT ? append_salvaged(w, i)
                                                            : append_lines(w, i);
        if (r < 0)
            return err_set(error, r, "put back %s/%s: %s", plan->config_dir, step->to,
                           err_reason(r));
    }
    return 0;
}

static int check_space(const struct work *w, struct sr_error *error)
{
    int r = 0;
    for (size_t i = 0; i < w->place_count && r == 0; i++)
        r = durable_check_room(w->places[i].fd, w->places[i].total_bytes, w->places[i].shown,
                               error);
    return r;
}

/* The config directory's is always made: it keeps a second restore away. */
static int open_all_staging(struct work *w, const char *name, struct sr_error *error)
{
    int r = open_staging(&w->places[0], name, error);
    for (size_t i = 0; i < w->plan->step_count && r == 0; i++)
        if (w->plan->steps[i].fate == RESTORE_WRITE && !w->plan->steps[i].rows_of &&
            place_of(w, i)->staging < 0)
            r = open_staging(place_of(w, i), name, error);
    return r;
}

static int open_root(struct work *w, struct sr_error *error)
{
    struct restore_plan *plan = w->plan;
    size_t count = plan->step_count;
    w->places = arena_alloc(plan->arena, (count + 1) * sizeof *w->places);
    w->place_of = arena_alloc(plan->arena, (count + 1) * sizeof *w->place_of);
    w->below = arena_alloc(plan->arena, (count + 1) * sizeof *w->below);
    int fd = durable_make_dirs(AT_FDCWD, plan->config_dir, true);
    int r = fd < 0 ? fd : add_place(w, fd, plan->config_dir);
    return r < 0 ? err_set(error, r, "open %s: %s", plan->config_dir, err_reason(r)) : 0;
}

int restore_run(const struct restore_request *q, struct restore_plan *plan, struct sr_error *error)
{
    struct work w = {.request = q, .plan = plan};
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].fate == RESTORE_CONFLICT)
            return err_set(error, -EEXIST, "%s/%s %s; nothing was changed", plan->config_dir,
                           plan->steps[i].to, plan->steps[i].why);
    const char *name = arena_printf(plan->arena, STAGING "%s", plan->session_id);
    int r = open_root(&w, error);
    if (r == 0)
        r = find_places(&w, error);
    if (r == 0)
        r = check_space(&w, error);
    if (r == 0)
        r = open_all_staging(&w, name, error);
    if (r == 0)
        r = stage(&w, error);
    if (r == 0)
        r = publish(&w, error);
    if (r == 0)
        r = put_records(&w, error);
    for (size_t i = 0; i < w.place_count; i++) {
        if (w.places[i].staging >= 0)
            durable_remove(w.places[i].fd, name);
        fs_close(&w.places[i].staging);
        fs_close(&w.places[i].fd);
    }
    return r;
}
