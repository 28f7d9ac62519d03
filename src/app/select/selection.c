#include "app/select/selection.h"

#include "app/select/named.h"

#include <errno.h>
#include <stdint.h>

int selection_parse(struct selection *s, struct arena *a, const char *const *words, size_t count,
                    struct sr_error *error)
{
    struct selection parsed = {
        .words = arena_alloc(a, (count + 1) * sizeof *parsed.words),
        .count = count,
        .prefixes = arena_alloc(a, (count + 1) * sizeof *parsed.prefixes),
    };
    for (size_t i = 0; i < count; i++) {
        int r = which_parse(a, words[i], &parsed.words[i], error);
        if (r < 0)
            return r;
        if (parsed.words[i].prefix)
            parsed.prefixes[parsed.prefix_count++] = parsed.words[i].prefix;
    }
    *s = parsed;
    return 0;
}

void selection_add_prefix(struct selection *s, struct arena *a, const char *prefix)
{
    const char **prefixes = arena_alloc(a, (s->prefix_count + 1) * sizeof *prefixes);
    for (size_t i = 0; i < s->prefix_count; i++)
        prefixes[i] = s->prefixes[i];
    prefixes[s->prefix_count++] = prefix;
    s->prefixes = prefixes;
}

void selection_narrow(const struct selection *s, struct sr_options *look)
{
    look->stored_prefixes = s->prefixes;
    look->stored_prefix_count = s->prefix_count;
    look->stored_limit = look->gone_limit = s->prefix_count ? SIZE_MAX : 0;
}

size_t selection_take_strays(struct selection *s, struct arena *a,
                             const struct sr_snapshot *snapshot, struct sr_stray **out)
{
    size_t strays = 0, words = 0;
    struct sr_stray *kept = arena_alloc(a, (snapshot->stray_count * s->count + 1) * sizeof *kept);
    struct which *left = arena_alloc(a, (s->count + 1) * sizeof *left);
    for (size_t i = 0; i < s->count; i++) {
        const struct which *w = &s->words[i];
        size_t before = strays;
        bool names_session = false;
        for (size_t j = 0; j < snapshot->session_count; j++)
            names_session |= which_names(w, &snapshot->sessions[j]);
        for (size_t j = 0; !names_session && j < snapshot->stray_count; j++)
            if (which_names_stray(w, &snapshot->strays[j]))
                kept[strays++] = snapshot->strays[j];
        if (strays == before)
            left[words++] = *w;
    }
    s->words = left;
    s->count = words;
    *out = kept;
    return strays;
}

void selection_tell_strays(const struct sr_stray *strays, size_t count)
{
    for (size_t i = 0; i < count; i++)
        context_complainf("%s lies where the client does not look; --resume %s tells what to do",
                          strays[i].path, strays[i].session_id);
}

int selection_find(struct context *context, const struct selection *s,
                   const struct sr_snapshot *snapshot, const struct sr_session **sessions)
{
    for (size_t i = 0; i < s->count; i++) {
        BUF_RELEASE struct buf listed = {0};
        struct sr_error error;
        int r = which_find(&s->words[i], snapshot, &sessions[i], &listed, &error), status = 0;
        if (r < 0)
            status = named_complain(context, &s->words[i], r, error.text, &listed);
        else if (r > 0)
            context_complain_of(error.text, &listed);
        bool may_be_there = status == EXIT_FAILED || snapshot->may_lack_sessions;
        if (r < 0)
            return r == -ENOENT && may_be_there ? EXIT_ATTENTION : EXIT_USAGE;
    }
    return 0;
}
