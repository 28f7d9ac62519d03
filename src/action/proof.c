#include "action/proof.h"

#include "action/backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct proof {
    struct arena arena;
    enum proof_kind kind;
    const char **ids; /* the sessions that it speaks of; none: it is not known which it is */
    size_t id_count;
};

enum proof_kind proof_kind_of(const struct proof *p)
{
    return p->kind;
}

void proof_release(struct proof *p)
{
    if (!p)
        return;
    struct arena arena = p->arena; /* it lies in there */
    arena_release(&arena);
}

static struct proof *make(const struct subject *s, enum proof_kind kind)
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

/* ---- sealed ------------------------------------------------------------------------------- */

/* The transcript is whole; whether the rest may be missing is for its user to say, by name, once.
 */
static bool is_accepted(struct subject *s)
{
    char text[sizeof s->saved.lost + 128];
    if (s->accepted.n && strstr(s->accepted.p, s->saved.lost))
        return true;
    snprintf(text, sizeof text, "The transcript is backed up whole; not in the backup: %s",
             s->saved.lost);
    if (!s->accepts || !s->accepts(s->options, text))
        return false;
    buf_addf(&s->accepted, "%s\n", s->saved.lost);
    return true;
}

static int save_one(struct subject *s, const char *id, struct sr_error *error)
{
    const struct sr_export_options *o = s->backup;
    struct backup_source source;
    struct backup_run run;
    int r = backup_source_of(s->snapshot, s->session, id, o, &source, error);
    if (r < 0)
        return r;
    r = backup_begin(&run, o, error);
    if (r < 0)
        return r;
    source.salvage = &s->salvage;
    r = backup_take(&run, &source, &s->saved, error);
    backup_end(&run);
    if (r < 0)
        return r == -ENODATA ? -EIO : r; /* there is a transcript */
    char size[STR_SIZE_TEXT];
    str_format_size(s->saved.size_bytes, size);
    subject_tell(s, "%s: %s/%s.jsonl (%s)",
                 s->saved.outcome == SR_ALREADY_EXPORTED ? "already backed up, verified again"
                                                         : "backed up and verified",
                 o->pending_dir, s->saved.stem, size);
    if (s->saved.lost_count && !is_accepted(s))
        return subject_refuse(s, error,
                              "%s.jsonl is kept, and incomplete: %zu file%s of the session could "
                              "not be read: %s",
                              s->saved.stem, s->saved.lost_count,
                              s->saved.lost_count > 1 ? "s" : "", s->saved.lost);
    if (s->saved.was_rewritten)
        return err_set(error, -EIO,
                       "%s.jsonl is kept, but files changed under every try to copy them",
                       s->saved.stem);
    s->has_transcript = true;
    return 0;
}

/* Before the first thing is done to it: afterwards it is gone. */
static void save_memory(struct subject *s)
{
    if (s->has_salvage)
        return;
    salvage_take(s->snapshot, s->session, false, &s->salvage);
    s->has_salvage = true;
    if (s->salvage.note)
        subject_tell(s, "%s", s->salvage.note);
}

/* Returns: as proof_make; -ENODATA: there is nothing to be copied. */
static int save_all(struct subject *s, struct sr_error *error)
{
    const struct sr_session *session = s->session;
    int r = 0;
    if (!session_can_read_store(s->inside))
        return subject_refuse(s, error, "the config directory of pid %d cannot be read",
                              session->pid);
    save_memory(s);
    for (size_t i = 0; i < session->candidate_count && r == 0; i++)
        r = save_one(s, session->candidates[i], error);
    if (session->candidate_count == 0)
        r = session->session_id ? save_one(s, session->session_id, error) : -ENODATA;
    if (r < 0 && r != -ENODATA && error)
        err_wrap(error, "back up");
    return r;
}

int proof_save_again(struct subject *s, struct sr_error *error)
{
    bool was_refused = s->was_refused;
    s->accepts = NULL; /* it has ended: what is new in being lost is said, and nobody asked */
    int r = save_all(s, error);
    s->was_refused = was_refused;
    return r == -ENODATA ? 0 : r;
}

/* ---- all three ---------------------------------------------------------------------------- */

static bool is_unsaved(const struct sr_session *s)
{
    return s->persistence == SR_PERSISTENCE_NONE || s->persistence == SR_PERSISTENCE_BEHIND;
}

/* What is in its memory alone is in no backup. */
static int refuse_unsaved(struct subject *s, struct sr_error *error)
{
    char since[WALL_TEXT_SIZE];
    const struct sr_session *session = s->session;
    return subject_refuse(s, error,
                          "pid %d, %s; what was said in it since %s is in its memory alone, and "
                          "would be lost for good",
                          session->pid, session->saving,
                          wall_format((struct wall){session->unsaved_since_ms}, since));
}

static int prove(struct subject *s, struct proof **out, struct sr_error *error)
{
    int r = save_all(s, error);
    if (r < 0 && r != -ENODATA)
        return r;
    if (r == -ENODATA && s->session->candidate_count)
        return err_wrap(error, "back up");
    if (is_unsaved(s->session))
        return refuse_unsaved(s, error);
    if (r == -ENODATA)
        subject_tell(s, "nothing to back up: the session has no transcript yet");
    *out = make(s, r == 0 ? PROOF_SEALED : PROOF_EMPTY);
    return 0;
}

/* Its user may give up what was refused, by name. */
static int give_up(struct subject *s, const char *refusal, struct proof **out,
                   struct sr_error *error)
{
    char typed[64] = "";
    const char *given = s->without_backup;
    if (!*given && !s->ask_for)
        return subject_refuse(s, error,
                              "there is no terminal to type the beginning of the session's id on: "
                              "give it as --without-backup=FIRST8");
    if (!*given && !s->ask_for(s->context, refusal, typed, sizeof typed))
        return subject_refuse(s, error, "pid %d is not given up", s->session->pid);
    int r = proof_waive(s, *given ? given : typed, out, error);
    if (r == 0) {
        s->was_refused = false;
        subject_tell(s, "given up by name: %s", refusal);
    }
    return r;
}

int proof_make(struct subject *s, struct proof **out, struct sr_error *error)
{
    struct sr_error why;
    int r = prove(s, out, &why);
    if (r == -EPERM && s->without_backup)
        return give_up(s, why.text, out, error);
    if (r == -EPERM && is_unsaved(s->session))
        return err_set(error, r, "%s. To give it up: --without-backup", why.text);
    return r < 0 ? err_set(error, r, "%s", why.text) : 0;
}

int proof_waive(struct subject *s, const char *given, struct proof **out, struct sr_error *error)
{
    const char *id = s->session->session_id;
    if (!id || s->session->candidate_count)
        return subject_refuse(s, error,
                              "it is not known which session pid %d is: it cannot be given up",
                              s->session->pid);
    if (strlen(given) != PROOF_GIVEN_LENGTH || strncmp(given, id, PROOF_GIVEN_LENGTH) != 0)
        return subject_refuse(s, error,
                              "'%s' is not the beginning of session %.*s: it is not given up",
                              given, PROOF_GIVEN_LENGTH, id);
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

int proof_check(const struct proof *p, struct subject *s, const struct subject_now *now,
                struct sr_error *error)
{
    bool is_whole = p->kind == PROOF_WAIVED || !is_unsaved(now->session);
    if (is_whole && speaks_of_all(p, now->session))
        return 0;
    s->was_refused = true;
    if (!is_whole)
        return err_set(error, -EAGAIN, "refused: pid %d, %s", (int)s->ref.pid,
                       now->session->saving);
    return err_set(error, -EAGAIN, "refused: pid %d has gone over to another session (%s)",
                   (int)s->ref.pid,
                   now->session->session_id ? now->session->session_id : "not known");
}
