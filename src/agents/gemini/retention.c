/*
 * What Gemini CLI deletes by itself when it starts: its user's settings, and a directory's own,
 * which come before them. Settings of the whole machine are not read.
 */
#include "agents/gemini/gemini.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    SETTINGS_LIMIT = 1024 * 1024,
    DAYS_KEPT = 30,           /* the client's default */
    DAYS_FOR_EVER = 10000000, /* it deletes nothing */
    HOURS = 24,
};

/* Returns: NULL: there is none, or it cannot be read. */
static const struct json_value *read_file(struct arena *a, int at, const char *path, int *code)
{
    const struct json_value *root;
    struct sv text;
    *code = fs_read_small(at, path, SETTINGS_LIMIT, a, &text);
    if (*code == 0 && json_parse(a, text, &root) < 0)
        *code = -EBADMSG;
    return *code == 0 ? root : NULL;
}

static const struct json_value *retention_of(const struct json_value *settings)
{
    return json_path(settings, "general", "sessionRetention", NULL);
}

/* "30d", "4w", "36h", "2m" (of 30 days each). Returns: 0 for anything else: the client then deletes
 * nothing. */
static int64_t days_of(struct sv period)
{
    int64_t number;
    if (period.n < 2 || !sv_to_i64(sv_slice(period, 0, period.n - 1), &number) || number <= 0 ||
        number > DAYS_FOR_EVER)
        return 0;
    switch (period.p[period.n - 1]) {
    case 'h':
        return number < HOURS ? 1 : number / HOURS;
    case 'd':
        return number;
    case 'w':
        return number * 7;
    case 'm':
        return number * 30;
    default:
        return 0;
    }
}

/* otherwise: where these settings do not say. */
static int64_t days_in(const struct json_value *retention, int64_t otherwise)
{
    struct sv age = json_text_at(retention, "maxAge");
    if (!age.n)
        return otherwise;
    return days_of(age) ? days_of(age) : DAYS_FOR_EVER;
}

struct lookup gemini_read_settings(const struct agent_store *store, struct agent_settings *out)
{
    int code;
    const struct json_value *root = read_file(store->arena, store->fd, "settings.json", &code);
    const struct json_value *retention = retention_of(root);
    *out = (struct agent_settings){.days_kept = json_is_false(json_get(retention, "enabled"))
                                                    ? DAYS_FOR_EVER
                                                    : days_in(retention, DAYS_KEPT)};
    return lookup_of(code, NULL);
}

/* The client reads a directory's settings only where the user has said that it is trusted. */
static bool is_trusted(const struct agent_store *store, const char *cwd)
{
    int code;
    const struct json_value *folders =
        read_file(store->arena, store->fd, "trustedFolders.json", &code);
    return sv_equals(json_text_at(folders, cwd), SV("TRUST_FOLDER"));
}

static const struct json_value *read_directory(const struct agent_store *store, const char *cwd,
                                               int *code)
{
    struct arena *a = store->arena;
    const struct json_value *settings;
    if (store->enter && !store->enter(store->context, cwd)) {
        *code = -ETIMEDOUT;
        return NULL;
    }
    settings = read_file(a, AT_FDCWD, arena_printf(a, "%s/.gemini/settings.json", cwd), code);
    if (store->leave)
        store->leave(store->context);
    if (store->enter)
        store->enter(store->context, store->path); /* which the caller is in */
    return settings;
}

/* As it is in force at the most: what is not known to be trusted may count or not. */
static void add_limits(const struct json_value *there, bool is_trusted_there,
                       struct gemini_retention *out)
{
    int64_t days = days_in(there, out->days_kept), count;
    if (is_trusted_there || days < out->days_kept) {
        out->is_of_directory = days != out->days_kept;
        out->days_kept = days;
    }
    if (json_integer(json_get(there, "maxCount"), &count) && count > 0 &&
        (is_trusted_there || !out->count_kept || count < out->count_kept))
        out->count_kept = count;
}

void gemini_read_retention(const struct agent_store *store, const char *cwd,
                           struct gemini_retention *out)
{
    int own_code, code = -ENOENT;
    const struct json_value *own =
        retention_of(read_file(store->arena, store->fd, "settings.json", &own_code));
    const struct json_value *there = cwd ? retention_of(read_directory(store, cwd, &code)) : NULL;
    bool is_unknown = lookup_of(code, NULL).state == LOOKUP_UNKNOWN; /* it may say anything */
    bool is_trusted_there = there && is_trusted(store, cwd);
    bool is_off = json_is_false(json_get(own, "enabled")) && !json_get(there, "enabled");
    int64_t count;
    *out = (struct gemini_retention){.days_kept = days_in(own, DAYS_KEPT)};
    if (json_integer(json_get(own, "maxCount"), &count) && count > 0)
        out->count_kept = count;
    if (there)
        add_limits(there, is_trusted_there, out);
    if (is_unknown)
        out->deletes = FACT_UNKNOWN;
    else
        out->deletes = is_off || (json_is_false(json_get(there, "enabled")) && is_trusted_there)
                           ? FACT_NO
                           : FACT_YES;
}

enum fact gemini_deletes(const struct agent_store *store, const char *cwd)
{
    struct gemini_retention retention;
    gemini_read_retention(store, cwd, &retention);
    return retention.deletes;
}

const char *gemini_caution(const struct agent_store *store, const char *cwd)
{
    if (gemini_deletes(store, cwd) == FACT_NO)
        return NULL;
    return arena_printf(
        store->arena,
        "each resume leaves a file that makes the next client that starts in the directory without "
        "this id delete the session: start no other there, or turn that off before, in a directory "
        "that the client trusts: {\"general\":{\"sessionRetention\":{\"enabled\":false}}} in "
        "%s/.gemini/settings.json",
        cwd ? cwd : "its directory");
}
