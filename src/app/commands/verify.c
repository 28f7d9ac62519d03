/* --verify: backups read again and compared with their sums. Changes nothing. */
#include "app/commands/commands.h"

#include "app/select/backups.h"
#include "view/outcome/backups.h"

#include <errno.h>

static int verify_one(struct context *context, const char *folder, const char *stem,
                      struct view_verified *row, struct sr_error *error)
{
    struct backup_dir pending;
    int r = backup_dir_open(&pending, folder ? folder : context->pending_dir, false, error);
    if (r < 0)
        return r;
    row->stem = stem;
    verify_backup(&pending, stem, &context->arena, &row->result);
    backup_dir_close(&pending);
    return 0;
}

static int verify_named(struct context *context, struct view_verified **rows, size_t *count,
                        struct sr_error *error)
{
    const struct options *o = context->options;
    *count = o->which_count;
    *rows = arena_alloc(&context->arena, *count * sizeof **rows);
    int r = 0;
    for (size_t i = 0; i < *count && r == 0; i++) {
        const char *folder, *stem;
        r = backups_find(&context->arena, context->pending_dir, o->which[i], &folder, &stem, error);
        if (r == 0)
            r = verify_one(context, folder, stem, &(*rows)[i], error);
    }
    return r;
}

static int verify_all(struct context *context, struct view_verified **rows, size_t *count,
                      struct sr_error *error)
{
    struct backup_dir pending;
    struct backup_dir_entry *entries;
    *count = 0;
    int r = backup_dir_open(&pending, context->pending_dir, false, error);
    if (r < 0)
        return r == -ENOENT ? 0 : r; /* nothing was ever exported */
    r = backup_dir_list(&pending, &context->arena, &entries, count);
    backup_dir_close(&pending);
    if (r < 0)
        return err_set(error, r, "list %s: %s", context->pending_dir, err_reason(r));
    *rows = arena_alloc(&context->arena, (*count + 1) * sizeof **rows);
    for (size_t i = 0; i < *count && r == 0; i++)
        r = verify_one(context, NULL, entries[i].stem, &(*rows)[i], error);
    return r;
}

static int run(struct context *context)
{
    struct view_verified *rows = NULL;
    size_t count, sound = 0;
    struct sr_error error;
    if (!context->pending_dir)
        return context_fail("no home directory is known: give --pending-dir", EXIT_FAILED);
    if (!context_answers(context, context->pending_dir))
        return EXIT_FAILED;
    int r = context->options->which_count ? verify_named(context, &rows, &count, &error)
                                          : verify_all(context, &rows, &count, &error);
    if (r < 0) {
        context_complain(error.text);
        return r == -EINVAL || r == -EEXIST || r == -ENOENT ? EXIT_USAGE : EXIT_FAILED;
    }
    struct buf out = {0};
    if (context->options->json)
        view_json_verified(&out, rows, count, context->pending_dir);
    else
        view_text_verified(&out, rows, count, context->pending_dir);
    int status = context_print(&out);
    for (size_t i = 0; i < count; i++)
        sound += verify_is_all(&rows[i].result);
    return status == 0 && sound < count ? EXIT_ATTENTION : status;
}

const struct command command_verify = {
    .name = "verify",
    .words = "[BACKUP...]",
    ANY_NUMBER,
    .help = "read backups again, and compare them with their manifests",
    .run = run,
    .looks_for_no_session = true,
};
