#include "session/evidence/persistence.h"

#include "base/io/fs.h"
#include "session/evidence/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- judging ------------------------------------------------------------------------------ */

static const char *why_of(const struct persistence_facts *f)
{
    if (f->told_by)
        return f->told_by[0] == '-' ? "option" : "environment";
    if (f->disk_is_full == FACT_YES)
        return "disk-full";
    if (f->is_unwritable == FACT_YES)
        return "not-writable";
    return "not-known";
}

/* What keeps a client from writing is there now. */
static bool cannot_write(const struct persistence_facts *f)
{
    return f->disk_is_full == FACT_YES || f->is_unwritable == FACT_YES;
}

static bool is_older(const struct persistence_facts *f, struct wall moment, int64_t ms)
{
    return wall_known(moment) && f->now.ms - moment.ms >= ms;
}

static bool is_after(struct wall moment, struct wall other, int64_t slack_ms)
{
    return wall_known(moment) && moment.ms > other.ms + slack_ms;
}

static bool is_idle(const struct persistence_facts *f)
{
    return f->status == CLIENT_IDLE || f->status == CLIENT_SHELL;
}

/* Of a client that says what it does: it has done something since it was started. Its first status
 * is mostly older than its start, as it says both; one a little later may be of a short turn. */
static enum fact has_worked(const struct persistence_facts *f)
{
    if (f->status == CLIENT_SAYS_NOTHING || !wall_known(f->status_at) ||
        !wall_known(f->registered_at))
        return FACT_UNKNOWN;
    if (f->status == CLIENT_BUSY || is_after(f->status_at, f->registered_at, PERSISTENCE_START_MS))
        return FACT_YES;
    return is_after(f->status_at, f->registered_at, 0) ? FACT_UNKNOWN : FACT_NO;
}

bool persistence_is_fresh(const struct persistence_facts *f)
{
    return has_worked(f) == FACT_NO && !f->took_up && !f->arguments_are_unknown &&
           f->prompts_code == 0 && !wall_known(f->prompt_at) && f->has_side_files != FACT_UNKNOWN;
}

/* Of one that says that it is idle, and of which there is no transcript. Returns: what speaks
 * against its being new; NULL: nothing. */
static const char *doubt_of(const struct persistence_facts *f)
{
    if (f->took_up)
        return "it took up an earlier session as it started, and there is no transcript: what it "
               "took up may be in its memory alone";
    return is_after(f->status_at, f->registered_at, 0)
               ? "its status has changed since it started, and there is no transcript: whether "
                 "something was said in it is not known"
               : NULL;
}

/* Its record should be there by now, whatever hooks it had to wait for. */
static bool is_settled(const struct persistence_facts *f, struct wall prompt_at)
{
    return is_older(f, prompt_at, PERSISTENCE_HOOKS_MS) ||
           (is_older(f, prompt_at, PERSISTENCE_SETTLE_MS) && is_idle(f) &&
            f->status_at.ms >= prompt_at.ms);
}

/* How many of the last prompts are in no record: 0, 1, 2 for more. One may have been taken back by
 * its user before it was recorded, and stays in the history all the same. */
static int count_unrecorded(const struct persistence_facts *f)
{
    if (is_after(f->prompt_before_at, f->recorded_at, PERSISTENCE_SLACK_MS) &&
        is_older(f, f->prompt_at, PERSISTENCE_SETTLE_MS))
        return 2;
    return is_after(f->prompt_at, f->recorded_at, PERSISTENCE_SLACK_MS) &&
                   is_older(f, f->prompt_at, PERSISTENCE_SETTLE_MS)
               ? 1
               : 0;
}

struct wall persistence_unrecorded_at(const struct persistence_facts *f)
{
    return is_after(f->prompt_at, f->recorded_at, PERSISTENCE_SLACK_MS) ? f->prompt_at
                                                                        : (struct wall){0};
}

static bool lacks_prompts(const struct persistence_facts *f)
{
    int count = count_unrecorded(f);
    return count == 2 || (count == 1 && cannot_write(f) && is_settled(f, f->prompt_at));
}

static const char lost_all[] =
    "its transcript was emptied or cut while it ran, and holds no whole record";

/* A client makes the file with the first record in it. */
static bool has_lost_all(const struct persistence_facts *f)
{
    return f->transcript == LOOKUP_FOUND && f->holds_no_record &&
           is_after(f->modified_at, f->started_at, 0) &&
           is_older(f, f->modified_at, PERSISTENCE_SLACK_MS);
}

/* Returns: by what it shows that something was said; NULL: it does not. */
static const char *said_without_transcript(const struct persistence_facts *f)
{
    if (has_lost_all(f))
        return lost_all;
    if (f->has_side_files == FACT_YES)
        return "files of its tools lie beside a transcript that is not there";
    if (lacks_prompts(f))
        return "its prompts are in the history of prompts, and there is no transcript";
    if (f->told_by && f->is_told_for_certain && has_worked(f) != FACT_NO)
        return "it writes no transcript";
    if (f->told_by && f->has_asked == FACT_YES)
        return "it has asked its model, and there is no transcript";
    if (cannot_write(f) && has_worked(f) == FACT_YES && f->status != CLIENT_WAITING &&
        is_older(f, f->status_at, PERSISTENCE_SETTLE_MS))
        return "it has worked, and there is no transcript";
    return NULL;
}

/* The process has written nothing to the transcript, which is an earlier one's. */
static bool is_untouched(const struct persistence_facts *f)
{
    return is_after(f->started_at, f->recorded_at, 0);
}

static const char lost_beginning[] =
    "its transcript was deleted or cut while it ran, and begins in the middle of what was said";

/* What the process itself began to write has no beginning. An older one may be all that it had. */
static bool has_lost_beginning(const struct persistence_facts *f)
{
    return is_after(f->begins_at, f->started_at, 0);
}

/* The same of what was said since the last record. */
static const char *said_since(const struct persistence_facts *f)
{
    if (lacks_prompts(f))
        return "prompts in the history of prompts are later than the last record";
    if (has_lost_beginning(f))
        return lost_beginning;
    if (f->told_by && f->is_told_for_certain && is_untouched(f) && has_worked(f) != FACT_NO)
        return "it writes to no transcript";
    if (cannot_write(f) && has_worked(f) == FACT_YES &&
        is_after(f->status_at, f->recorded_at, PERSISTENCE_SLACK_MS) &&
        is_older(f, f->status_at, PERSISTENCE_SETTLE_MS))
        return "it has worked since the last record";
    if (cannot_write(f) && f->is_torn && is_older(f, f->modified_at, PERSISTENCE_SETTLE_MS))
        return "the last record breaks off";
    return NULL;
}

struct persistence persistence_judge(const struct persistence_facts *f)
{
    struct persistence p = {.state = SR_PERSISTENCE_UNKNOWN};
    bool has_none = f->transcript == LOOKUP_ABSENT || f->has_records == FACT_NO;
    if (f->transcript == LOOKUP_UNKNOWN || (!has_none && f->has_records == FACT_UNKNOWN))
        return p;
    p.how = has_none ? said_without_transcript(f) : said_since(f);
    if (p.how) {
        p.state = has_none ? SR_PERSISTENCE_NONE : SR_PERSISTENCE_BEHIND;
        bool is_all = has_none || p.how == lost_beginning;
        p.since = is_all ? f->started_at : f->recorded_at;
        bool is_cut = p.how == lost_beginning || (p.how == lost_all && !cannot_write(f));
        p.why = is_cut ? "deleted" : why_of(f);
    } else if (count_unrecorded(f)) {
        p.how = "its last prompt is in no record: it may have been taken back";
    } else if (f->prompts_code < 0) {
        p.how =
            "its history of prompts cannot be read: it is not known whether all of it is on disk";
    } else if (has_none && f->told_by) {
        p.how = "nothing that is said in it will be saved";
    } else if (has_none) {
        p.how = is_idle(f) ? doubt_of(f) : NULL;
    } else if (!f->saving_is_unknown) {
        p.state = SR_PERSISTENCE_OK;
        if (f->told_by && f->is_told_for_certain && is_untouched(f))
            p.how = "nothing more that is said in it will be saved";
    }
    return p;
}

const char *persistence_sentence(const struct persistence *p, const struct persistence_facts *f,
                                 struct arena *a)
{
    static const char *const reasons[][2] = {
        {"disk-full", "the disk of its transcripts is full"},
        {"not-writable", "its folder of transcripts cannot be written to"},
        {"deleted", "what is older is in its memory alone"},
        {"not-known", "why is not known"},
    };
    if (!p->how)
        return NULL;
    char at[WALL_TEXT_SIZE];
    const char *state =
        p->why ? arena_printf(a, "unsaved since %s: ", wall_format(p->since, at)) : "";
    if (f->told_by)
        return arena_printf(a, "%s%s: %s is %s", state, p->how, f->told_by,
                            f->told_by[0] == '-' ? "on its command line" : "set for it");
    for (size_t i = 0; p->why && i < sizeof reasons / sizeof *reasons; i++)
        if (str_equals(reasons[i][0], p->why))
            return arena_printf(a, "%s%s: %s", state, p->how, reasons[i][1]);
    return p->how;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* The folder of its transcript, or the one where that would be. Returns: NULL: not known. */
static const char *folder_of(const struct proc *proc, const struct session *s)
{
    struct arena *a = s->store->io.arena;
    struct sv folder = session_has_transcript(s)
                           ? agent_folder_of(s->store->agent, s->transcript.path)
                           : (struct sv){0};
    if (folder.n)
        return arena_strndup(a, folder.p, folder.n);
    const char *cwd = s->registration ? s->registration->cwd : NULL;
    if (!cwd && proc_read_cwd(proc, s->live->stat.pid, a, &cwd) < 0)
        return NULL;
    return agent_project_folder(s->live->agent, &s->store->io, cwd);
}

/* The client cannot write there; with another user's, only what nobody can do is known. */
static enum fact is_unwritable(const struct session *s, const char *path, int mode)
{
    int r = faccessat(s->store->io.fd, path, mode, AT_EACCESS) < 0 ? -errno : 0;
    if (r == -EROFS)
        return FACT_YES;
    if (s->live->status.uid != geteuid())
        return FACT_UNKNOWN;
    if (r == -EACCES || r == -EPERM)
        return FACT_YES;
    return r == 0 ? FACT_NO : FACT_UNKNOWN;
}

enum { ROOM_BYTES = 4096 }; /* the least that a file grows by */

static enum fact is_full(const struct session *s, const char *folder)
{
    struct statvfs room;
    FS_CLOSE int fd = fs_open_dir(s->store->io.fd, folder);
    if (fd < 0 || fstatvfs(fd, &room) < 0)
        return FACT_UNKNOWN;
    uint64_t blocks = s->live->status.uid == 0 ? room.f_bfree : room.f_bavail;
    return blocks * room.f_frsize < ROOM_BYTES ? FACT_YES : FACT_NO;
}

/* Of the folder, or of the nearest above it that is there; and of the file, where there is one. */
static void read_obstacles(const struct session *s, const char *folder,
                           struct persistence_facts *out)
{
    const char *top = s->store->agent->stored->top;
    const char *const above[] = {folder, top ? top : ".", "."};
    struct stat st;
    size_t i = 0;
    while (i + 1 < sizeof above / sizeof *above && fstatat(s->store->io.fd, above[i], &st, 0) < 0 &&
           errno == ENOENT)
        i++;
    out->disk_is_full = is_full(s, above[i]);
    out->is_unwritable = session_has_transcript(s) ? is_unwritable(s, s->transcript.path, W_OK)
                                                   : is_unwritable(s, above[i], W_OK | X_OK);
}

/* Read once for all sessions of a store, and only where one asks. */
static const struct agent_prompts *prompts_of(struct store *store)
{
    if (!store->has_prompts) {
        store->has_prompts = true;
        store->prompts_code = agent_read_prompts(store->agent, &store->io, &store->prompts);
    }
    return &store->prompts;
}

static void read_prompts(const struct session *s, struct persistence_facts *out)
{
    const struct agent_prompts *prompts = prompts_of(s->store);
    const char *last = NULL;
    if (s->store->prompts_code != -ENOENT)
        out->prompts_code = s->store->prompts_code;
    for (size_t i = prompts->count; i-- > 0;) {
        const struct agent_prompt *p = &prompts->items[i];
        if (!str_equals(p->session_id, s->session_id) || p->at.ms < out->started_at.ms)
            continue;
        if (!last) {
            last = p->text;
            out->prompt_at = p->at;
        } else if (!str_equals(last, p->text)) {
            out->prompt_before_at = p->at;
            return;
        }
    }
}

/* Where no root is in all of it. */
static struct wall read_beginning(const struct session *s)
{
    struct head head;
    if (!session_has_transcript(s) || s->transcript.size_bytes >= HEAD_READ_MAX ||
        activity_read_head(s->store, &s->transcript, &head) < 0 || !head.lacks_root)
        return (struct wall){0};
    return head.first_at;
}

void persistence_read(const struct proc *proc, struct session *s, struct persistence_facts *out)
{
    const struct live *live = s->live;
    const struct agent_registration *r = s->registration;
    const struct tail_result *tail = &s->activity.tail;
    const char *folder = folder_of(proc, s);
    struct agent_saving client = {
        .argv = &live->argv,
        .environment = live->environment_known ? &live->environment : NULL,
        .is_registered = r != NULL,
        .kind = s->shown->kind,
    };
    *out = (struct persistence_facts){
        .now = wall_now(),
        .started_at = proc_start_time(proc, live->stat.start_ticks),
        .transcript = session_transcript(s),
        .modified_at = s->transcript.modified_at,
        .is_torn = tail->oddities.last_line_is_torn,
        .status = client_status_of(r),
        .registered_at = r ? r->started_at : (struct wall){0},
        .status_at = r ? r->status_at : (struct wall){0},
    };
    out->arguments_are_unknown =
        live->argv.count == 0 || agent_takes_up(live->agent, &live->argv, &out->took_up) < 0;
    if (s->activity.is_known) {
        out->recorded_at = tail->last_record_at.ms > s->activity.last_at.ms ? tail->last_record_at
                                                                            : s->activity.last_at;
        /* of another agent's client it is not known whether it makes the file before the record */
        out->holds_no_record = tail->holds_no_record && live->agent->saves;
        out->has_records = wall_known(out->recorded_at) ? FACT_YES
                           : tail->reached_start        ? FACT_NO
                                                        : FACT_UNKNOWN;
    }
    out->begins_at = read_beginning(s);
    out->saving_is_unknown =
        agent_saves_nothing(live->agent, &client, &out->told_by, &out->is_told_for_certain) < 0;
    if (s->session_id)
        read_prompts(s, out);
    if (!folder)
        return;
    if (s->session_id && out->has_records != FACT_YES)
        out->has_side_files =
            agent_has_side_files(live->agent, &s->store->io, folder, s->session_id);
    read_obstacles(s, folder, out);
}

void persistence_show(const struct session *s, struct arena *a)
{
    struct sr_session *out = s->shown;
    struct persistence p = persistence_judge(&s->saving);
    out->persistence = p.state;
    out->unsaved_since_ms = wall_known(p.since) ? p.since.ms : -1;
    out->unsaved_why = p.why;
    out->saving = persistence_sentence(&p, &s->saving, a);
}
