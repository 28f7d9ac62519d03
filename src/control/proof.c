#include "control/proof.h"

#include "agents/agent.h"
#include "backup/backup.h"
#include "backup/backup_dir.h"
#include "backup/content.h"
#include "control/empty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum proof_kind { PROOF_SEALED, PROOF_EMPTY, PROOF_WAIVED };

struct proof {
    struct arena arena;
    enum proof_kind kind;
    const char **ids; /* the sessions that it speaks of; none: it is not known which it is */
    size_t id_count;
};

void proof_release(struct proof *p)
{
    if (!p)
        return;
    struct arena arena = p->arena; /* it lies in there */
    arena_release(&arena);
}

static struct proof *make(const struct pinned_session *s, enum proof_kind kind)
{
    const struct sr_session *session = s->session;
    struct arena arena = {0};
    struct proof *p = arena_alloc(&arena, sizeof *p);
    const char **ids = arena_alloc(&arena, (session->candidate_count + 1) * sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < session->candidate_count; i++)
        ids[count++] = arena_strdup(&arena, session->candidates[i]);
    if (session->session_id && !session->candidate_count)
        ids[count++] = arena_strdup(&arena, session->session_id);
    *p = (struct proof){.kind = kind, .ids = ids, .id_count = count, .arena = arena};
    return p;
}

/* ---- what may be given up: what no backup can hold ----------------------------------------- */

/* What could not be looked at may be in no file. */
static void lose_unseen(struct pinned_session *s)
{
    snprintf(s->loses, sizeof s->loses,
             "what was said in it and is in no file would be lost for good");
}

/* ---- sealed ------------------------------------------------------------------------------- */

/* The transcript is whole; whether the rest may be missing is for its user to say, by name, once.
 */
static bool is_accepted(struct pinned_session *s)
{
    char text[sizeof s->result->backup.lost + 128];
    if (s->options->backup->dry_run)
        return !s->options->force; /* who would be asked may say yes */
    if (s->accepted.n && strstr(s->accepted.p, s->result->backup.lost))
        return true;
    snprintf(text, sizeof text, "The transcript is backed up whole; not in the backup: %s",
             s->result->backup.lost);
    /* force answers no question about what would be lost; once it has ended nobody is asked. */
    if (s->has_ended || s->options->force || !pinned_session_ask(s, SR_ASK_INCOMPLETE, text))
        return false;
    buf_addf(&s->accepted, "%s\n", s->result->backup.lost);
    return true;
}

/* What was copied, and that it is all of it. */
static int check_saved(struct pinned_session *s, struct sr_error *error)
{
    const struct sr_export *e = &s->result->backup;
    char size[STR_SIZE_TEXT];
    str_format_size(e->size_bytes, size);
    pinned_session_tell(s, "%s: %s/%s" BACKUP_TRANSCRIPT " (%s)",
                        e->outcome == SR_ALREADY_EXPORTED ? "already backed up, verified again"
                                                          : "backed up and verified",
                        s->options->backup->pending_dir, e->stem, size);
    if (e->fuller_stem[0]) {
        str_format_size(e->fuller_bytes, size);
        pinned_session_tell(
            s, "an earlier backup holds more of it, and is kept: %s/%s" BACKUP_TRANSCRIPT " (%s)",
            s->options->backup->pending_dir, e->fuller_stem, size);
    }
    if (e->unread_stem[0])
        pinned_session_tell(s,
                            "whether an earlier backup holds more of it is not known: "
                            "%s/%s" BACKUP_TRANSCRIPT ": %s",
                            s->options->backup->pending_dir, e->unread_stem,
                            err_reason(e->unread_code));
    if (e->lost_count && !is_accepted(s))
        return pinned_session_refuse(s, error,
                                     "%s%s, and incomplete: %zu file%s of the session could "
                                     "not be read: %s",
                                     e->stem,
                                     e->outcome == SR_WOULD_EXPORT ? "its backup would be kept"
                                                                   : BACKUP_TRANSCRIPT " is kept",
                                     e->lost_count, e->lost_count > 1 ? "s" : "", e->lost);
    if (e->was_rewritten)
        return err_set(error, -EIO,
                       "%s" BACKUP_TRANSCRIPT
                       " is kept, but files changed under every try to copy them",
                       e->stem);
    return 0;
}

/* They prove nothing of the conversation. Returns: 1, or negative errno. */
static int save_side_files(struct pinned_session *s, struct backup_source *source,
                           struct sr_error *error)
{
    struct backup_run run;
    struct sr_export saved;
    backup_list(source);
    if (!backup_has_something(source))
        return 1;
    int r = backup_begin(&run, s->options->backup, error);
    if (r == 0) {
        r = backup_take(&run, source, &saved, error);
        backup_end(&run);
    }
    if (r < 0)
        return err_wrap(error, "back up");
    pinned_session_tell(s,
                        "there is no transcript; backed up and verified: %s/%s.files (%zu file%s)",
                        s->options->backup->pending_dir, saved.stem, saved.file_count,
                        saved.file_count == 1 ? "" : "s");
    return 1;
}

/* Of the session as it stands in its store: by its beginning, where no file holds its records. */
static int content_in_store(const struct backup_source *source, enum content *out)
{
    struct fs_file records;
    int r = agent_open_records(source->agent, source->store, &source->transcript, AGENT_BEGINNING,
                               &records);
    if (r < 0)
        return r;
    r = content_read_open(records.fd, source->agent->reader, out);
    fs_close(&records.fd);
    return r;
}

/*
 * A backup of what holds nothing that was said proves nothing either: the transcript of a client
 * can be emptied under it, or its disk be full. Returns: 1: there is nothing in it; 0, or negative
 * errno.
 */
static int check_content(struct pinned_session *s, const char *candidate,
                         struct backup_source *source, struct sr_error *error)
{
    char path[PATH_MAX];
    enum content content;
    bool is_copied = s->result->backup.outcome != SR_WOULD_EXPORT;
    if (is_copied)
        snprintf(path, sizeof path, "%s/%s" BACKUP_TRANSCRIPT, s->options->backup->pending_dir,
                 s->result->backup.stem);
    else
        snprintf(path, sizeof path, "%s", source->transcript.path);
    int r = is_copied ? content_read(AT_FDCWD, path, source->agent->reader, &content)
                      : content_in_store(source, &content);
    if (r < 0)
        return err_set(error, r, "read %s: %s", path, err_reason(r));
    if (content == CONTENT_CONVERSATION || (candidate && content == CONTENT_METADATA))
        return 0;
    if (content == CONTENT_METADATA) {
        backup_list(source);
        return 1;
    }
    struct wall began = proc_start_time(s->proc, s->session->start_ticks);
    if (candidate && wall_known(began) && source->transcript.modified_at.ms < began.ms)
        return 0; /* so it was before the process could take it up */
    lose_unseen(s);
    return pinned_session_refuse(s, error,
                                 "%s/%s of pid %d holds no whole record: what was said in it "
                                 "may be in its memory alone",
                                 source->store->path, source->transcript.path, s->session->pid);
}

/* candidate NULL: the session itself. Returns: 1: there is no transcript of it, or nothing was said
 * in it, and *source says of what, listed; 0; or negative errno. Owner of *source:
 * backup_source_release. */
static int save_one(struct pinned_session *s, const char *candidate, struct backup_source *source,
                    struct sr_error *error)
{
    const struct sr_export_options *o = s->options->backup;
    struct backup_run run;
    struct sr_error why;
    *source = (struct backup_source){0};
    struct lookup found = backup_source_of(s->snapshot, s->session, candidate, o, source, &why);
    if (found.state == LOOKUP_ABSENT)
        return save_side_files(s, source, error);
    if (found.state == LOOKUP_UNKNOWN) {
        lose_unseen(s);
        return pinned_session_refuse(s, error, "%s; make that readable, or end it on its terminal",
                                     why.text);
    }
    int r = backup_begin(&run, o, error);
    if (r == 0) {
        source->salvage = &s->salvage;
        r = backup_take(&run, source, &s->result->backup, error);
        if (r < 0 && run.is_unreadable)
            lose_unseen(s);
        backup_end(&run);
    }
    if (r == 0)
        r = check_saved(s, error);
    s->result->has_transcript = s->result->has_transcript || r == 0;
    if (r < 0)
        return err_wrap(error, "back up");
    return s->has_ended ? 0 : check_content(s, candidate, source, error);
}

/* Before the first thing is done to it: afterwards it is gone. */
static void save_memory(struct pinned_session *s)
{
    if (s->has_salvage)
        return;
    salvage_memory_take(s->snapshot, s->session, s->options->backup->dry_run, &s->salvage);
    s->has_salvage = true;
    if (s->salvage.note)
        pinned_session_tell(s, "%s", s->salvage.note);
}

/* Returns: as save_one; 1: there is none to be saved. */
static int save_all(struct pinned_session *s, struct backup_source *source, struct sr_error *error)
{
    const struct sr_session *session = s->session;
    int r = 0;
    save_memory(s);
    if (session->candidate_count == 0)
        return save_one(s, NULL, source, error);
    for (size_t i = 0; i < session->candidate_count && r == 0; i++) {
        backup_source_release(source);
        r = save_one(s, session->candidates[i], source, error);
    }
    if (r > 0)
        r = pinned_session_refuse(
            s, error, "one of the sessions that pid %d may have (%s) is gone: look again",
            session->pid, source->transcript.session_id);
    return r;
}

/* What was refused, where it is not any more. */
static const char *without_mark(const char *refusal)
{
    static const char mark[] = "refused: ";
    return str_starts_with(refusal, mark) ? refusal + sizeof mark - 1 : refusal;
}

int proof_save_again(struct pinned_session *s, struct sr_error *error)
{
    struct backup_source source = {0};
    bool was_refused = s->result->was_refused;
    s->has_ended = true;
    int r = save_all(s, &source, error);
    backup_source_release(&source);
    s->result->was_refused = was_refused;
    if (r >= 0)
        return 0;
    const char *why = without_mark(error->text);
    memmove(error->text, why, strlen(why) + 1);
    return r;
}

/* ---- empty -------------------------------------------------------------------------------- */

static int prove_empty(struct pinned_session *s, const struct backup_source *source,
                       struct sr_error *error)
{
    struct sr_error why;
    if (empty_prove(s->snapshot, s->session, source, &why) < 0) {
        lose_unseen(s);
        return pinned_session_refuse(
            s, error,
            "pid %d has no transcript%s, and it is not proven that nothing was said "
            "in it: %s; end it on its terminal",
            s->session->pid, source->transcript.path ? " that holds a conversation" : "", why.text);
    }
    pinned_session_tell(s, "%s",
                        s->result->has_transcript
                            ? "nothing was said in it; what its transcript holds is backed up"
                            : "nothing to back up: nothing was said in it");
    return 0;
}

/* ---- all three ---------------------------------------------------------------------------- */

/* It may not be all, and so proves nothing; whatever becomes of the process, it is kept. */
static void save_recalled(struct pinned_session *s)
{
    struct salvage_memory recalled;
    struct backup_run run;
    struct sr_export saved;
    struct sr_error error;
    salvage_memory_recall(s->snapshot, s->session, s->options->backup->dry_run, &recalled);
    if (recalled.note)
        pinned_session_tell(s, "%s", recalled.note);
    if (recalled.records.n) {
        int r = backup_begin(&run, s->options->backup, &error);
        if (r == 0) {
            r = backup_take_recalled(&run, s->snapshot, s->session, &recalled, &saved, &error);
            backup_end(&run);
        }
        if (r < 0)
            pinned_session_tell(s, "it could not be kept: %s", error.text);
        else
            pinned_session_tell(s, "it is kept as %s/%s" BACKUP_TRANSCRIPT,
                                s->options->backup->pending_dir, saved.stem);
    }
    salvage_memory_release(&recalled);
}

/* What is in its memory alone is in no backup that is proven to be whole. */
static int refuse_unsaved(struct pinned_session *s, struct sr_error *error)
{
    char since[WALL_TEXT_SIZE];
    const struct sr_session *session = s->session;
    snprintf(s->loses, sizeof s->loses,
             "what was said in it since %s is in its memory alone, and would be lost for good",
             wall_format((struct wall){session->unsaved_since_ms}, since));
    return pinned_session_refuse(s, error, "pid %d, %s", session->pid, session->saving);
}

/* Of what session is it? */
static int refuse_unknown(struct pinned_session *s, struct sr_error *error)
{
    const struct session *in = s->inside;
    int pid = s->session->pid;
    if (!in->store || in->store->code < 0)
        lose_unseen(s); /* but for which session it is: one that is not known has no name */
    if (!in->store)
        return pinned_session_refuse(
            s, error,
            "the config directory of pid %d is not known, as its environment "
            "cannot be read: run this as its user, or as root",
            pid);
    if (in->store->code < 0)
        return pinned_session_refuse(s, error,
                                     "the config directory of pid %d cannot be read: %s: %s", pid,
                                     in->store->io.path, err_reason(in->store->code));
    if (in->which.state == LOOKUP_UNKNOWN && in->which.code == -ENOTSUP)
        return pinned_session_refuse(
            s, error,
            "it is not known which session pid %d has: %s; end it yourself, "
            "once all of its sessions are at rest",
            pid, in->which.where);
    if (in->which.state == LOOKUP_UNKNOWN)
        return pinned_session_refuse(
            s, error,
            "it is not known which session pid %d has, as %s cannot be read: %s; make it readable, "
            "or end the session on its terminal",
            pid, in->which.where, err_reason(in->which.code));
    return 0;
}

static int prove(struct pinned_session *s, struct proof **out, struct sr_error *error)
{
    struct backup_source source = {0};
    s->loses[0] = '\0';
    int r = refuse_unknown(s, error);
    if (r == 0)
        r = save_all(s, &source, error);
    bool is_empty = r > 0;
    if (sr_is_unsaved(s->session->persistence))
        save_recalled(s);
    if (r >= 0 && sr_is_unsaved(s->session->persistence))
        r = refuse_unsaved(s, error);
    else if (is_empty)
        r = prove_empty(s, &source, error);
    backup_source_release(&source);
    if (r < 0)
        return r;
    *out = make(s, is_empty ? PROOF_EMPTY : PROOF_SEALED);
    return 0;
}

/* It is known which session it is. */
static bool has_name(const struct pinned_session *s)
{
    return s->session->session_id && !s->session->candidate_count;
}

/* Its user may give up what was refused, by name. */
static int give_up(struct pinned_session *s, const char *refusal, struct proof **out,
                   struct sr_error *error)
{
    char typed[64] = "";
    const char *given = s->options->without_backup;
    if (!*given && !s->options->ask_for)
        return pinned_session_refuse(
            s, error,
            "there is no terminal to type the beginning of the session's id on: "
            "give it as --without-backup=FIRST8");
    if (!*given && s->options->backup->dry_run) {
        s->result->was_refused = false; /* that may be typed */
        return 0;
    }
    if (!*given && !s->options->ask_for(s->options->context, refusal, typed, sizeof typed))
        return pinned_session_refuse(s, error, "pid %d is not given up", s->session->pid);
    int r = proof_waive(s, *given ? given : typed, out, error);
    if (r == 0)
        pinned_session_tell(s, "given up by name: %s", without_mark(refusal));
    return r;
}

/* What its user may answer with --without-backup. */
static bool can_be_given_up(const struct pinned_session *s)
{
    return *s->loses && has_name(s);
}

static int say_refusal(const struct pinned_session *s, int r, const char *why,
                       struct sr_error *error)
{
    if (can_be_given_up(s))
        return err_set(error, r, "%s; %s. To give it up: --without-backup", why, s->loses);
    return err_set(error, r, "%s%s", why,
                   s->options->without_backup ? "; --without-backup is no answer to that" : "");
}

/* It is proven, or its user gives up what was refused. */
static int prove_or_give_up(struct pinned_session *s, struct proof **out, struct sr_error *error)
{
    struct sr_error why;
    char text[sizeof why.text + sizeof s->loses + 2];
    int r = prove(s, out, &why);
    if (r == 0)
        return 0;
    if (!s->options->without_backup || !can_be_given_up(s))
        return say_refusal(s, r, why.text, error);
    snprintf(text, sizeof text, "%s; %s", why.text, s->loses);
    return give_up(s, text, out, error);
}

int proof_make(struct pinned_session *s, struct proof **out, struct sr_error *error)
{
    int r = 0;
    if (!s->options->force && !s->options->ask)
        r = pinned_session_refuse(s, error, "there is no terminal to ask on, and no --force");
    if (r == 0)
        r = prove_or_give_up(s, out, error);
    s->result->has_backup = r == 0 && s->result->has_transcript;
    return r;
}

int proof_foresee(struct pinned_session *s, struct sr_error *error)
{
    const struct sr_act_options *options = s->options;
    struct sr_export_options backup = *options->backup;
    struct sr_act_options dry = *options;
    struct proof *proof = NULL;
    backup.dry_run = true;
    dry.backup = &backup;
    dry.tell = NULL;
    s->options = &dry;
    int r = prove_or_give_up(s, &proof, error);
    s->options = options;
    proof_release(proof);
    return r;
}

int proof_waive(struct pinned_session *s, const char *given, struct proof **out,
                struct sr_error *error)
{
    const char *id = s->session->session_id;
    if (!has_name(s))
        return pinned_session_refuse(
            s, error, "it is not known which session pid %d is: it cannot be given up",
            s->session->pid);
    id = agent_telling_id(id);
    if (strlen(given) != PROOF_GIVEN_LENGTH || strncmp(given, id, PROOF_GIVEN_LENGTH) != 0)
        return pinned_session_refuse(
            s, error, "'%s' is not the beginning of session %.*s: it is not given up", given,
            PROOF_GIVEN_LENGTH, id);
    s->result->was_refused = false; /* for what is given up here */
    *out = make(s, PROOF_WAIVED);
    return 0;
}

/* ---- still? ------------------------------------------------------------------------------- */

static bool speaks_of(const struct proof *p, const char *id)
{
    for (size_t i = 0; i < p->id_count; i++)
        if (str_equals(p->ids[i], id))
            return true;
    return false;
}

static bool speaks_of_all(const struct proof *p, const struct sr_session *now)
{
    bool all = now->session_id ? speaks_of(p, now->session_id) : true;
    for (size_t i = 0; i < now->candidate_count; i++)
        all = all && speaks_of(p, now->candidates[i]);
    return all && (now->session_id || now->candidate_count || !p->id_count);
}

static int check_empty(const struct pinned_session *s, const struct pinned_session_now *now,
                       struct sr_error *error)
{
    struct backup_source source;
    struct lookup found =
        backup_source_of(now->snapshot, now->session, NULL, s->options->backup, &source, error);
    enum content content = CONTENT_METADATA;
    if (found.state == LOOKUP_FOUND &&
        (content_in_store(&source, &content) < 0 || content != CONTENT_METADATA))
        return err_set(error, -EAGAIN, "it has a transcript");
    if (found.state == LOOKUP_UNKNOWN)
        return -EAGAIN;
    backup_list(&source);
    int r = empty_prove(now->snapshot, now->session, &source, error);
    backup_source_release(&source);
    return r;
}

int proof_check(const struct proof *p, struct pinned_session *s,
                const struct pinned_session_now *now, struct sr_error *error)
{
    struct sr_error why;
    const struct snapshot *snap = snapshot_of(now->snapshot);
    const struct session *in = &snap->sessions[now->session - now->snapshot->sessions];
    int pid = (int)s->ref.pid;
    s->result->was_refused = true;
    if (in->which.state == LOOKUP_UNKNOWN && p->kind != PROOF_WAIVED)
        return err_set(error, -EAGAIN,
                       "refused: it is no longer known which session pid %d has: %s: %s", pid,
                       in->which.where, err_reason(in->which.code));
    if (p->kind != PROOF_WAIVED && sr_is_unsaved(now->session->persistence))
        return err_set(error, -EAGAIN, "refused: pid %d, %s", pid, now->session->saving);
    if (!speaks_of_all(p, now->session))
        return err_set(error, -EAGAIN, "refused: pid %d now has another session (%s)", pid,
                       now->session->session_id ? now->session->session_id : "not known");
    if (p->kind == PROOF_EMPTY && check_empty(s, now, &why) < 0)
        return err_set(error, -EAGAIN, "refused: pid %d was empty, and may no longer be: %s", pid,
                       why.text);
    s->result->was_refused = false;
    return 0;
}
