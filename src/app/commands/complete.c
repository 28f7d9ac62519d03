/*
 * --complete WORD...: what a shell can offer for the last word, a line each:
 *
 *     --export<TAB>lossless, verified copy of each session
 *     pts/4<TAB>pid 4711, /home/u/api
 *     :directory
 *
 * A line that begins with a colon leaves the rest to the shell: its own
 * completion of a :directory, a :file or a :command.
 */
#include "app/commands/commands.h"

#include "agents/agent.h"
#include "app/completion.h"
#include "backup/backup_dir.h"
#include "base/io/fs.h"
#include "base/utf8.h"
#include "view/text.h"

#include <stdio.h>
#include <string.h>

enum {
    STORED_MAX = 50, /* more than a screen shows */
    SAID_COLUMNS = 70,
};

struct offer {
    struct context *context;
    struct completion at;
    struct buf out;
};

static void offer(struct offer *o, const char *word, const char *said)
{
    if (!word || !str_starts_with(word, o->at.word))
        return;
    buf_adds(&o->out, word);
    buf_adds(&o->out, "\t");
    utf8_add_printable(&o->out, sv_of(said), SAID_COLUMNS);
    buf_adds(&o->out, "\n");
}

static void offer_names(struct offer *o)
{
    const struct options *options = o->context->options;
    struct option_shape row;
    for (size_t i = 0; options_shape(i, &row); i++) {
        if (!completion_offers(&o->at, options->typed, options->typed_count, &row))
            continue;
        BUF_RELEASE struct buf name = {0}, said = {0};
        buf_addf(&name, "--%s", row.name);
        for (const char *c = row.help; *c; c++)
            buf_add(&said, *c == '\n' ? " " : c, 1);
        offer(o, name.p, said.p);
    }
}

/* ---- WHICH -------------------------------------------------------------------------------- */

static void offer_live(struct offer *o, const struct sr_session *s)
{
    struct buf said = {0}, word = {0};
    buf_addf(&said, "pid %d, %s", s->pid, s->cwd ? s->cwd : "directory not known");
    if (s->tty) {
        offer(o, s->tty, said.p);
        buf_addf(&word, "/dev/%s", s->tty);
        if (*o->at.word == '/')
            offer(o, word.p, said.p);
    }
    buf_release(&word);
    buf_addf(&word, "%d", s->pid);
    offer(o, word.p, s->cwd ? s->cwd : "directory not known");
    offer(o, s->session_id, said.p);
    for (size_t i = 0; i < s->candidate_count; i++)
        offer(o, s->candidates[i], said.p);
    buf_release(&word);
    buf_release(&said);
}

static void offer_sessions(struct offer *o)
{
    struct context *c = o->context;
    struct sr_snapshot *snapshot;
    bool must_live = o->at.command->wants_live;
    /* a terminal or a pid has a live session; an id is long, and a listing of all is of no use */
    c->look.stored_limit = must_live ? 0 : STORED_MAX;
    c->look.gone_limit = must_live || !*o->at.word ? 0 : STORED_MAX;
    c->look.stored_prefixes = &o->at.word;
    c->look.stored_prefix_count = *o->at.word ? 1 : 0;
    if (sr_detect_processes(&c->look, &snapshot, NULL) < 0)
        return;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        const struct sr_session *s = &snapshot->sessions[i];
        if (s->pid && !(must_live && s->current))
            offer_live(o, s);
        else if (!s->pid)
            offer(o, s->session_id,
                  s->first_prompt ? s->first_prompt
                  : s->left       ? "a session without a transcript"
                                  : "a stored session");
    }
    sr_snapshot_free(snapshot);
}

/* ---- the other kinds ---------------------------------------------------------------------- */

static void offer_backups(struct offer *o)
{
    struct context *c = o->context;
    struct backup_dir pending;
    struct backup_dir_entry *entries;
    size_t count;
    if (!c->pending_dir || !context_answers(c, c->pending_dir) ||
        backup_dir_open(&pending, c->pending_dir, false, NULL) < 0)
        return;
    if (backup_dir_list(&pending, &c->arena, &entries, &count) == 0)
        for (size_t i = count; i-- > 0;)
            if (entries[i].is_complete)
                offer(o, entries[i].stem, "a backup");
    backup_dir_close(&pending);
}

static void offer_words(struct offer *o, const char *kinds)
{
    for (size_t i = 0; i < VIEW_VERDICTS && completion_has_kind(kinds, "VERDICT"); i++)
        offer(o, sr_verdict_word(view_by_urgency[i]), "those sessions alone");
    if (completion_has_kind(kinds, "WHICH"))
        offer_sessions(o);
    if (completion_has_kind(kinds, "BACKUP"))
        offer_backups(o);
    for (size_t i = 0; agents[i] && completion_has_kind(kinds, "KIND"); i++)
        offer(o, agents[i]->name, "");
    if (completion_has_kind(kinds, "DIR"))
        buf_adds(&o->out, ":directory\n");
    if (completion_has_kind(kinds, "FILE") || completion_has_kind(kinds, "BACKUP"))
        buf_adds(&o->out, ":file\n");
    if (completion_has_kind(kinds, "CMD"))
        buf_adds(&o->out, ":command\n");
}

static int run(struct context *context)
{
    const struct options *options = context->options;
    struct offer o = {.context = context,
                      .at = completion_of(options->typed, options->typed_count)};
    if (o.at.kinds)
        offer_words(&o, o.at.kinds);
    if (o.at.wants_name)
        offer_names(&o);
    return context_print(&o.out);
}

const struct command command_complete = {.run = run};
