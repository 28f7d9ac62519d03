/*
 * --restore: a backup put back where the agent's resume finds it. It asks
 * only before it makes a second copy of a session: nothing is lost by the rest. A session's newest
 * backup is taken for the session unless an earlier one holds more: then the user names the one.
 */
#include "app/commands/commands.h"

#include "app/act/closing.h"
#include "app/meter.h"
#include "app/prompt.h"
#include "app/select/backups.h"
#include "backup/backup_dir.h"
#include "backup/restore.h"
#include "base/err.h"
#include "base/io/fs.h"
#include "session/resume.h"
#include "view/outcome/backups.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct work {
    struct context *context;
    struct restore_request request;
    struct restore_plan plan;
    struct meter meter;
    struct buf command;  /* to resume it */
    const char *caution; /* before that */
};

/* As the listing shows the session that was just restored. */
static void find_command(struct work *w)
{
    struct sr_options look = w->context->look;
    struct sr_snapshot *snapshot;
    look.config_dirs = &w->plan.config_dir;
    look.config_dir_count = 1;
    look.stored_prefixes = &w->plan.session_id;
    look.stored_prefix_count = 1;
    look.stored_limit = 1;
    if (sr_detect_processes(&look, &snapshot, NULL) < 0)
        return;
    for (size_t i = 0; i < snapshot->session_count; i++) {
        struct sr_session s = snapshot->sessions[i];
        if (s.pid || !str_equals(s.session_id, w->plan.session_id))
            continue;
        if (w->request.cwd) { /* its records still name the old directory */
            s.cwd = w->plan.cwd;
            s.cwd_is_gone = s.cwd_is_elsewhere = false;
            s.cwd_is_unknown = NULL;
        }
        if (resume_add_command(&w->command, &s) == 0 && s.caution)
            w->caution = arena_strdup(&w->context->arena, s.caution);
    }
    sr_snapshot_free(snapshot);
}

static int print_plan(const struct work *w, bool is_done)
{
    const struct options *o = w->context->options;
    struct buf out = {0};
    if (o->json)
        view_json_restore(&out, &w->plan, is_done, w->command.n ? w->command.p : NULL, w->caution);
    else
        view_text_restore(&out, &w->plan, is_done);
    if (o->dry_run && !o->json)
        buf_adds(&out, "Nothing was changed (--dry-run).\n");
    return context_print(&out);
}

/* A session of that id is there, or runs: nothing was touched. */
static int refuse(const char *text, bool may_take_new_id)
{
    context_complain(text);
    if (may_take_new_id)
        context_complain("--new-id restores the backup beside it, under a new session id");
    return EXIT_REFUSED;
}

static int close_and_log(struct work *w, const struct sr_error *error)
{
    struct closing closing = {0};
    struct session_log_row row = {
        .session_id = w->plan.session_id,
        .size_bytes = w->plan.verified.manifest.files[0].copied.size_bytes,
        .action = "Restored",
        .is_done = error == NULL,
    };
    if (error)
        closing_add_cause(&closing, error->text);
    closing_log(&closing, w->context, &row, 1);
    closing_add_resume(&closing, w->plan.session_id, w->command.n ? w->command.p : NULL, 0);
    closing_add_caution(&closing, w->caution);
    return closing_print(&closing, w->context, EXIT_FINE);
}

/* A second copy of a session that lives elsewhere would be taken for it, or it for the copy: only
 * where the user wants that. */
static bool may_be_copied(struct work *w)
{
    const struct options *o = w->context->options;
    const struct restore_plan *plan = &w->plan;
    const char *to = plan->steps[plan->step_count - 1].to;
    const char *asked;
    if (!plan->elsewhere || o->force)
        return true;
    asked = arena_printf(&w->context->arena, "%s; the backup would become a copy of it, %s/%s",
                         plan->elsewhere, plan->config_dir, to);
    context_complain(asked);
    if (!o->dry_run && !o->json && prompt_can_ask())
        return prompt_yes("Restore it there all the same?");
    context_complain("--force restores it there all the same, --new-id under a session id of its "
                     "own");
    return false;
}

static int carry_out(struct work *w)
{
    struct sr_error error;
    if (w->context->options->dry_run) {
        int status = print_plan(w, false);
        bool is_refused = w->plan.conflict_count || !may_be_copied(w);
        return status ? status : is_refused ? EXIT_REFUSED : closing_foresee(w->context, EXIT_FINE);
    }
    if (w->plan.conflict_count == 0 && !may_be_copied(w))
        return refuse("nothing was restored", false);
    meter_begin(&w->meter, w->context->shows_progress);
    int r = restore_run(&w->request, &w->plan, &error);
    meter_end(&w->meter);
    if (r < 0 && w->plan.conflict_count)
        return refuse(error.text, !w->plan.agent->records);
    if (r == -EBUSY)
        return refuse(error.text, false);
    if (r < 0)
        return close_and_log(w, &error);
    find_command(w);
    int status = print_plan(w, true), closed = close_and_log(w, NULL);
    if (status == 0 && closed == 0 && w->plan.verified.manifest.lost_count)
        return EXIT_ATTENTION;
    return status ? status : closed;
}

static int restore(struct work *w, const struct backup_dir *pending, const char *stem)
{
    const struct options *o = w->context->options;
    struct sr_error error;
    w->request = (struct restore_request){
        .pending = pending,
        .stem = stem,
        .config_dir = o->config_dir_count ? o->config_dirs[0] : NULL,
        .cwd = o->cwd,
        .under_new_id = o->new_id,
        .with_salvage = o->with_salvage,
        .look = &w->context->look,
        .progress = meter_move,
        .context = &w->meter,
    };
    int r = restore_plan(&w->request, &w->context->arena, &w->plan, &error);
    if (r == -EBUSY || r == -ENODATA || r == -EEXIST || r == -EOPNOTSUPP)
        return refuse(error.text, false);
    if (r < 0)
        return context_fail(error.text, EXIT_FAILED);
    int status = carry_out(w);
    buf_release(&w->command);
    return status;
}

static void say_choice(const char *stem, int64_t size_bytes, const char *what)
{
    char size[STR_SIZE_TEXT];
    context_complainf("  --restore %s (%s, %s)", stem, str_format_size(size_bytes, size), what);
}

/* "STEM (SIZE, what)?" */
static bool asks_for(const char *stem, int64_t size_bytes, const char *what)
{
    char size[STR_SIZE_TEXT];
    BUF_RELEASE struct buf text = {0};
    buf_addf(&text, "Restore %s (%s, %s)?", stem, str_format_size(size_bytes, size), what);
    return prompt_yes(text.p);
}

/* What a session's newest backup is measured against. */
struct choice {
    const char *newest;
    int64_t newest_bytes;
    const struct backup_dir_entry *fuller; /* NULL: none that can be read */
    int64_t fuller_bytes;
    const char *fuller_word; /* what reading all of it came to */
    struct lookup seen; /* as backup_dir_fuller; unknown: where is the one that may hold more */
};

static int look_for_fuller(struct context *c, const struct backup_dir *pending,
                           struct choice *choice, struct sr_error *error)
{
    struct backup_dir_entry *entries;
    struct fs_file file = {.fd = -1};
    struct stat st = {0}; /* a transcript that is gone holds nothing */
    struct verified v;
    size_t count = 0;
    struct sv id = backup_dir_id_of(sv_of(choice->newest));
    const char *name = arena_printf(&c->arena, "%s" BACKUP_TRANSCRIPT, choice->newest);
    int r = backup_dir_list(pending, &c->arena, &entries, &count);
    if (r == 0 && fstatat(pending->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
        r = -errno;
    if (r < 0)
        return err_set(error, r, "it is not known which backup holds most: list %s: %s",
                       pending->path, err_reason(r));
    choice->newest_bytes = st.st_size;
    fs_open_file(pending->fd, name, &file);
    choice->seen = backup_dir_fuller(pending, entries, count, arena_strndup(&c->arena, id.p, id.n),
                                     file.fd, st.st_size, &choice->fuller, &choice->fuller_bytes);
    fs_close(&file.fd);
    if (choice->fuller) {
        verify_backup(pending, choice->fuller->stem, &c->arena, &v);
        choice->fuller_word = verify_word(v.verdict);
    }
    return 0;
}

static void say_reason(const struct choice *choice, const char *end)
{
    if (choice->seen.state == LOOKUP_UNKNOWN)
        context_complainf("whether an earlier backup holds more than the newest is not known: "
                          "%s" BACKUP_TRANSCRIPT ": %s%s",
                          choice->seen.where, err_reason(choice->seen.code), end);
    else
        context_complainf("the newest backup holds less than an earlier one%s", end);
}

/* Where a word named a session, is its newest backup the one to take? One that holds less, or may,
 * takes a yes to its name. Sets *stem. Returns: 0, or an exit status and a message printed. */
static int choose(struct context *c, const struct backup_dir *pending, const char **stem)
{
    struct choice choice = {.newest = *stem};
    struct sr_error error;
    if (look_for_fuller(c, pending, &choice, &error) < 0)
        return context_fail(error.text, EXIT_FAILED);
    if (choice.seen.state == LOOKUP_ABSENT)
        return 0;
    const struct backup_dir_entry *fuller = choice.fuller;
    const struct options *o = c->options;
    if (!o->force && !o->dry_run && !o->json && prompt_can_ask()) {
        say_reason(&choice, "");
        if (fuller && asks_for(fuller->stem, choice.fuller_bytes, choice.fuller_word))
            *stem = arena_strdup(&c->arena, fuller->stem);
        else if (!asks_for(choice.newest, choice.newest_bytes, "the newest"))
            return refuse("nothing was restored", false);
        return 0;
    }
    say_reason(&choice, "; nothing was restored. Name the one to take:");
    if (fuller)
        say_choice(fuller->stem, choice.fuller_bytes, choice.fuller_word);
    say_choice(choice.newest, choice.newest_bytes, "the newest");
    return EXIT_REFUSED;
}

static int run(struct context *context)
{
    struct work w = {.context = context};
    struct backup_dir pending;
    const char *folder, *stem;
    struct sr_error error;
    if (!context_has_folders(context))
        return EXIT_FAILED;
    if (!context_answers(context, context->pending_dir))
        return EXIT_FAILED;
    int r = backups_find(&context->arena, context->pending_dir, context->options->which[0], &folder,
                         &stem, &error);
    if (r < 0) {
        context_complain(error.text);
        return r == -EPERM || r == -EACCES ? EXIT_FAILED : EXIT_USAGE;
    }
    r = backup_dir_open(&pending, folder ? folder : context->pending_dir, false, &error);
    if (r < 0)
        return context_fail(error.text, EXIT_FAILED);
    bool is_named = strstr(context->options->which[0], stem) != NULL;
    int status = is_named ? 0 : choose(context, &pending, &stem);
    if (status == 0)
        status = restore(&w, &pending, stem);
    backup_dir_close(&pending);
    return status;
}

static int check_options(const struct options *o, struct sr_error *error)
{
    return o->config_dir_count > 1 ? err_set(error, -EINVAL, "--restore takes one --config-dir")
                                   : 0;
}

const struct command command_restore = {
    .name = "restore",
    .words = "BACKUP",
    ONE("one backup"),
    .help = "put a backup back where it can be resumed; replaces nothing",
    .run = run,
    .options = (const char *const[]){"dry-run", "force", "cwd", "new-id", "with-salvage", NULL},
    .check = check_options,
    .config_dir_may_be_missing = true,
};
