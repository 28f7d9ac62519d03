/*
 * Where Codex looks for its model: what its command line sets ("-c key=value"), the profile's file
 * (0.171.0: "NAME.config.toml"; 0.63.0: the table "profiles.NAME"), config.toml, its environment.
 * Of TOML, what such settings are written in is read: tables, dotted keys, strings. What is there
 * in another form is not known, never absent.
 */
#include "agents/codex/codex.h"
#include "agents/model_address.h"

#include <errno.h>
#include <string.h>

enum { CONFIG_LIMIT = 256 * 1024, DEPTH = 8 };

/* ---- TOML --------------------------------------------------------------------------------- */

/* A dotted name: model_providers."my own".base_url */
struct path {
    struct sv parts[DEPTH];
    size_t count;
};

static struct sv skip_blanks(struct sv s)
{
    while (s.n && (*s.p == ' ' || *s.p == '\t'))
        s = sv_slice(s, 1, s.n);
    return s;
}

/* A key, bare or in quotes, at the beginning of *rest. Returns: false: there is none. */
static bool cut_key(struct sv *rest, struct sv *key)
{
    *rest = skip_blanks(*rest);
    size_t n = 0;
    if (rest->n && (*rest->p == '"' || *rest->p == '\'')) {
        const char *end = memchr(rest->p + 1, *rest->p, rest->n - 1);
        if (!end)
            return false;
        *key = sv_slice(*rest, 1, (size_t)(end - rest->p));
        n = key->n + 2;
    } else {
        while (n < rest->n && !strchr(" \t.=]\"'", rest->p[n]))
            n++;
        *key = sv_slice(*rest, 0, n);
        if (!n)
            return false;
    }
    *rest = skip_blanks(sv_slice(*rest, n, rest->n));
    return true;
}

/* Appends a dotted name; *rest begins behind it then. Returns: false: it is none, or too deep. */
static bool cut_path(struct sv *rest, struct path *path)
{
    for (;;) {
        if (path->count == DEPTH || !cut_key(rest, &path->parts[path->count++]))
            return false;
        if (!rest->n || *rest->p != '.')
            return true;
        *rest = sv_slice(*rest, 1, rest->n);
    }
}

/* How many leading parts of wanted these are. Returns: 0: not these, or all of another. */
static size_t leads_to(const struct path *path, const struct path *wanted)
{
    if (path->count > wanted->count)
        return 0;
    for (size_t i = 0; i < path->count; i++)
        if (!sv_equals(path->parts[i], wanted->parts[i]))
            return 0;
    return path->count;
}

/* A string without escapes, to its end. Returns: false for any other value. */
static bool read_string(struct sv text, struct sv *value)
{
    if (text.n < 2 || (*text.p != '"' && *text.p != '\''))
        return false;
    const char *end = memchr(text.p + 1, *text.p, text.n - 1);
    if (!end || (*text.p == '"' && memchr(text.p, '\\', (size_t)(end - text.p))))
        return false;
    if (end == text.p + 1 && text.n > 2 && text.p[2] == *text.p) /* one of several lines */
        return false;
    *value = sv_slice(text, 1, (size_t)(end - text.p));
    return true;
}

/* Where, at or after from, a string of several lines begins; line.n: nowhere. Another string, or a
 * remark, may hold the same quotes. */
static size_t opens_lines(struct sv line, size_t from)
{
    for (size_t i = from; i < line.n && line.p[i] != '#'; i++) {
        char quote = line.p[i];
        if (quote != '"' && quote != '\'')
            continue;
        if (i + 2 < line.n && line.p[i + 1] == quote && line.p[i + 2] == quote)
            return i;
        while (++i < line.n && line.p[i] != quote)
            i += quote == '"' && line.p[i] == '\\';
    }
    return line.n;
}

/* Passes over the lines of the strings of several lines that begin in this value. */
static void skip_lines(struct sv line, struct sv *rest)
{
    for (size_t at = 0; (at = opens_lines(line, at)) < line.n;) {
        struct sv mark = sv_slice(line, at, at + 3);
        at += mark.n;
        while ((at = sv_find(line, at, mark)) == line.n) {
            if (!rest->n)
                return;
            sv_cut_line(rest, &line);
            at = 0;
        }
        at += mark.n;
    }
}

/* "[model_providers.a]". One of a list, "[[hooks]]", has the name "", which nobody looks for. An
 * array within an array is none. */
static bool is_head(struct sv line, struct path *name)
{
    if (*line.p != '[')
        return false;
    if (sv_starts_with(line, SV("[["))) {
        *name = (struct path){.count = 1};
        return true;
    }
    line = sv_slice(line, 1, line.n);
    if (!cut_path(&line, name) || !line.n || *line.p != ']')
        return false;
    line = skip_blanks(sv_slice(line, 1, line.n));
    return !line.n || *line.p == '#' || *line.p == '\r';
}

/* Returns: FACT_UNKNOWN: it, or a table that holds it, is written in a form that is not read. */
static enum fact find(struct sv toml, const struct path *wanted, struct sv *value)
{
    struct path table = {0};
    struct sv line;
    enum fact found = FACT_NO;
    for (struct sv rest = toml; rest.n;) {
        sv_cut_line(&rest, &line);
        line = skip_blanks(line);
        if (!line.n || *line.p == '#')
            continue;
        struct path head = {0};
        if (is_head(line, &head)) {
            table = head;
            continue;
        }
        struct path path = table;
        if (!cut_path(&line, &path) || !line.n || *line.p != '=')
            continue;
        struct sv text = skip_blanks(sv_slice(line, 1, line.n));
        skip_lines(text, &rest);
        size_t n = leads_to(&path, wanted);
        if (n)
            found = n == wanted->count && read_string(text, value) ? FACT_YES : FACT_UNKNOWN;
    }
    return found;
}

/* ---- the command line --------------------------------------------------------------------- */

/* The value of an option in argv[*i], moving on to its last word; NULL: it is another word. */
static const char *option_at(const struct proc_strings *argv, size_t *i, const char *letter,
                             const char *name)
{
    const char *word = argv->items[*i];
    size_t n = strlen(name);
    if (str_equals(word, letter) || str_equals(word, name))
        return *i + 1 < argv->count ? argv->items[++*i] : NULL;
    if (str_starts_with(word, name) && word[n] == '=')
        return word + n + 1;
    return str_starts_with(word, letter) ? word + 2 : NULL;
}

/* Set by -c: the last that says it. What is no TOML is the text itself. */
static enum fact find_override(const struct proc_strings *argv, const struct path *wanted,
                               struct sv *value)
{
    enum fact found = FACT_NO;
    for (size_t i = 1; i < argv->count && !str_equals(argv->items[i], "--"); i++) {
        const char *set = option_at(argv, &i, "-c", "--config");
        struct sv rest = sv_of(set ? set : "");
        struct path path = {0};
        if (!cut_path(&rest, &path) || !rest.n || *rest.p != '=')
            continue;
        size_t n = leads_to(&path, wanted);
        struct sv text = skip_blanks(sv_slice(rest, 1, rest.n));
        if (n == wanted->count) {
            found = FACT_YES;
            if (!read_string(text, value))
                *value = text;
        } else if (n) {
            found = FACT_UNKNOWN;
        }
    }
    return found;
}

static bool has_word(const struct proc_strings *argv, const char *wanted)
{
    for (size_t i = 1; i < argv->count && !str_equals(argv->items[i], "--"); i++)
        if (str_equals(argv->items[i], wanted))
            return true;
    return false;
}

/* ---- all of it ---------------------------------------------------------------------------- */

struct settings {
    const struct proc_strings *argv;
    struct sv config, profile_file;
    struct sv profile; /* its name; empty: none */
};

/* parts: up to three, the rest NULL. */
static enum fact setting(const struct settings *s, const char *const parts[static 3],
                         struct sv *value)
{
    struct path wanted = {0}, of_profile = {{SV("profiles"), s->profile}, 2};
    for (size_t i = 0; i < 3 && parts[i]; i++)
        wanted.parts[wanted.count++] = of_profile.parts[of_profile.count++] = sv_of(parts[i]);
    enum fact found = find_override(s->argv, &wanted, value);
    if (found == FACT_NO)
        found = find(s->profile_file, &wanted, value);
    if (found == FACT_NO && s->profile.n)
        found = find(s->config, &of_profile, value);
    return found == FACT_NO ? find(s->config, &wanted, value) : found;
}

/* The profile, and its file. Returns: 0, or negative errno: it cannot be told, or read. */
static int read_profile(struct arena *a, const struct agent_store *store, struct settings *s)
{
    for (size_t i = 1; i < s->argv->count && !str_equals(s->argv->items[i], "--"); i++) {
        const char *name = option_at(s->argv, &i, "-p", "--profile");
        if (name)
            s->profile = sv_of(name);
    }
    if (!s->profile.n && setting(s, (const char *const[3]){"profile"}, &s->profile) == FACT_UNKNOWN)
        return -EBADMSG;
    if (!store || !s->profile.n || memchr(s->profile.p, '/', s->profile.n))
        return 0;
    const char *file = arena_printf(a, "%.*s.config.toml", (int)s->profile.n, s->profile.p);
    int r = fs_read_small(store->fd, file, CONFIG_LIMIT, a, &s->profile_file);
    return r == -ENOENT ? 0 : r;
}

static enum fact find_url(struct arena *a, const struct settings *s, struct sv *url)
{
    struct sv provider = {0}, name;
    *url = (struct sv){0};
    if (has_word(s->argv, "--oss") ||
        setting(s, (const char *const[3]){"model_provider"}, &provider) == FACT_UNKNOWN)
        return FACT_UNKNOWN;
    if (!provider.n || sv_equals(provider, SV("openai")))
        return setting(s, (const char *const[3]){"openai_base_url"}, url);
    const char *id = arena_strndup(a, provider.p, provider.n);
    enum fact found = setting(s, (const char *const[3]){"model_providers", id, "base_url"}, url);
    if (found != FACT_NO)
        return found;
    /* One of the user's own without an address is at the vendor's; others are where they like. */
    return setting(s, (const char *const[3]){"model_providers", id, "name"}, &name) == FACT_YES
               ? FACT_NO
               : FACT_UNKNOWN;
}

enum fact codex_model_url(struct arena *a, const struct proc_strings *argv,
                          const struct agent_store *store, struct sv config, struct sv *url)
{
    struct settings s = {.argv = argv, .config = config};
    *url = (struct sv){0};
    return read_profile(a, store, &s) < 0 ? FACT_UNKNOWN : find_url(a, &s, url);
}

struct agent_api codex_api(const struct proc_strings *argv, const struct proc_strings *environment,
                           const struct agent_store *store)
{
    struct sv url, config = {0};
    ARENA_RELEASE struct arena scratch = {0};
    const char *named = proc_variable(environment, "OPENAI_BASE_URL");
    int r =
        store ? fs_read_small(store->fd, "config.toml", CONFIG_LIMIT, &scratch, &config) : -ENODATA;
    if ((r < 0 && r != -ENOENT) ||
        codex_model_url(&scratch, argv, store, config, &url) == FACT_UNKNOWN)
        return (struct agent_api){0};
    if (!url.n && named)
        url = sv_of(named);
    const char *text = arena_strndup(&scratch, url.p ? url.p : "", url.n);
    const char *proxy = model_is_of_this_machine(url) ? NULL : model_proxy_of(environment);
    return (struct agent_api){.port = proxy   ? model_port_of_url(proxy)
                                      : url.n ? model_port_of_url(text)
                                              : 443,
                              .is_first_party = url.n == 0};
}
