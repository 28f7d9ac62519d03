/* What Gemini CLI deletes by itself when it starts: its user's settings, and a directory's own. */
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

static bool is_false(const struct json_value *object, const char *member)
{
    const struct json_value *v = json_get(object, member);
    return v && !json_is_true(v) && !json_is_null(v);
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

struct lookup gemini_read_settings(const struct agent_store *store, struct agent_settings *out)
{
    int code;
    const struct json_value *root = read_file(store->arena, store->fd, "settings.json", &code);
    const struct json_value *retention = retention_of(root);
    struct sv age = json_text_at(retention, "maxAge");
    *out = (struct agent_settings){.days_kept = DAYS_KEPT};
    if (is_false(retention, "enabled"))
        out->days_kept = DAYS_FOR_EVER;
    else if (age.n)
        out->days_kept = days_of(age) ? days_of(age) : DAYS_FOR_EVER;
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

enum fact gemini_deletes(const struct agent_store *store, const char *cwd)
{
    struct arena *a = store->arena;
    int own_code, code = -ENOENT;
    const struct json_value *own = read_file(a, store->fd, "settings.json", &own_code);
    const struct json_value *there =
        cwd ? read_file(a, AT_FDCWD, arena_printf(a, "%s/.gemini/settings.json", cwd), &code)
            : NULL;
    if (lookup_of(code, NULL).state == LOOKUP_UNKNOWN) /* it may say anything */
        return FACT_UNKNOWN;
    own = retention_of(own);
    there = retention_of(there);
    if (is_false(there, "enabled") && is_trusted(store, cwd))
        return FACT_NO;
    return is_false(own, "enabled") && !json_get(there, "enabled") ? FACT_NO : FACT_YES;
}
