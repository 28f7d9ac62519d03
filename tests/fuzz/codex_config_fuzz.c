/* Any bytes as a Codex' config.toml and, behind a NUL, as what -c sets. */
#include "must.h"

#include "agents/codex/codex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_RELEASE struct arena arena = {0};
    struct sv all = {(const char *)data, size}, url;
    size_t at = sv_find(all, 0, (struct sv){"", 1});
    struct sv word = at < all.n ? sv_slice(all, at + 1, all.n) : (struct sv){"", 0};
    const char *const words[] = {"codex", "-c", arena_strndup(&arena, word.p, word.n)};
    const struct proc_strings argv = {.items = words, .count = 3},
                              none = {.items = words, .count = 1};
    codex_model_url(&arena, &none, NULL, sv_slice(all, 0, at), &url);
    touch_view(url);
    enum fact found = codex_model_url(&arena, &argv, NULL, sv_slice(all, 0, at), &url);
    touch_view(url);
    must(found != FACT_YES || url.n <= size);
    return 0;
}
