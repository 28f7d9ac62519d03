/*
 * Where opencode's connection to its model leads, by the user's configuration (XDG_CONFIG_HOME).
 * Nothing else in it is looked at: it holds keys. What a project's own configuration says is not
 * read.
 */
#include "agents/model_address.h"
#include "agents/opencode/opencode.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { CONFIG_LIMIT = 4 * 1024 * 1024 };

struct addresses {
    struct arena *a;
    const char *model; /* "provider/model", as the last file says; NULL: none does */
    const char *url;   /* the last */
    uint16_t port;     /* of all URLs */
    struct sv *own;    /* the providers that have one */
    size_t own_count, own_capacity;
    bool is_unsure; /* there is more than can be told */
};

static void take_url(struct addresses *s, struct sv provider, struct sv url)
{
    if (!url.n)
        return;
    if (!sv_starts_with(url, SV("http://")) && !sv_starts_with(url, SV("https://"))) {
        s->is_unsure = true; /* "{env:NAME}", "{file:PATH}" */
        return;
    }
    const char *text = arena_strndup(s->a, url.p, url.n);
    uint16_t port = model_port_of_url(text);
    s->is_unsure = s->is_unsure || (s->url && port != s->port);
    s->url = text;
    s->port = port;
    *ARENA_PUSH(s->a, s->own, s->own_count, s->own_capacity) = provider;
}

static bool asks_own(const struct addresses *s)
{
    struct sv model = sv_of(s->model);
    for (size_t i = 0; i < s->own_count; i++)
        if (model.n > s->own[i].n && sv_starts_with(model, s->own[i]) &&
            model.p[s->own[i].n] == '/')
            return true;
    return false;
}

static bool take_provider(void *context, struct sv name, const struct json_value *provider)
{
    struct addresses *s = context;
    take_url(s, name, json_text_at(provider, "api"));
    take_url(s, name, json_text_at(json_get(provider, "options"), "baseURL"));
    return true;
}

/* A file with remarks in it is no JSON: then it may say anything. */
static void take_text(struct addresses *s, struct sv text)
{
    const struct json_value *root;
    if (json_parse(s->a, text, &root) < 0) {
        s->is_unsure = s->is_unsure || sv_find(text, 0, SV("\"provider\"")) < text.n;
        return;
    }
    const char *model = json_copy_text(s->a, root, "model");
    s->model = model ? model : s->model;
    json_each(json_get(root, "provider"), take_provider, s);
}

static void take_file(struct addresses *s, const char *path)
{
    struct sv text;
    int r = fs_read_small(AT_FDCWD, path, CONFIG_LIMIT, s->a, &text);
    if (r == 0)
        take_text(s, text);
    else if (r != -ENOENT && r != -ENOTDIR)
        s->is_unsure = true;
}

static const char *config_folder(struct arena *a, const struct proc_strings *environment)
{
    const char *place = proc_variable(environment, "XDG_CONFIG_HOME");
    const char *home = proc_variable(environment, "HOME");
    if (place && *place)
        return arena_printf(a, "%s/opencode", place);
    return home && *home ? arena_printf(a, "%s/.config/opencode", home) : NULL;
}

static void take_all(struct addresses *s, const struct proc_strings *environment)
{
    static const char *const names[] = {"config.json", "opencode.json", "opencode.jsonc"};
    static const char *const others[] = {"OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR",
                                         "OPENCODE_CONFIG_CONTENT"};
    const char *folder = config_folder(s->a, environment);
    s->is_unsure = !folder;
    for (size_t i = 0; folder && i < sizeof names / sizeof *names; i++)
        take_file(s, arena_printf(s->a, "%s/%s", folder, names[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *value = proc_variable(environment, others[i]);
        s->is_unsure = s->is_unsure || (value && *value);
    }
}

static const char *model_in_argv(const struct proc_strings *argv)
{
    for (size_t i = 1; argv && i + 1 < argv->count; i++)
        if (str_equals(argv->items[i], "--model") || str_equals(argv->items[i], "-m"))
            return argv->items[i + 1];
    return NULL;
}

/* A proxy is not asked for what is on this machine. With a provider of the user's own, any of those
 * that need none may be asked as well: then the port is known only where the model's is one of the
 * user's, and all of these have the same. */
struct agent_api opencode_api(const struct proc_strings *argv,
                              const struct proc_strings *environment,
                              const struct agent_store *store)
{
    struct arena a = {0};
    struct addresses s = {.a = &a};
    struct agent_api api = {.port = 443};
    const char *proxy = environment ? model_proxy_of(environment) : NULL;
    const char *asked = model_in_argv(argv);
    (void)store;
    if (environment)
        take_all(&s, environment);
    s.model = asked ? asked : s.model;
    if (s.url)
        api.port = s.port;
    if (proxy && !(s.url && model_is_of_this_machine(sv_of(s.url))))
        api.port = model_port_of_url(proxy);
    if (!environment || s.is_unsure || (s.url && !asks_own(&s)))
        api.port = 0;
    arena_release(&a);
    return api;
}
