#include "search/query.h"

#include "search/index.h"

#include <ctype.h>
#include <errno.h>

/* Letters and digits are what is indexed; beyond ASCII, the index itself knows. */
static bool has_letters(struct sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (isalnum((unsigned char)s.p[i]) || (unsigned char)s.p[i] >= 0x80)
            return true;
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A word or phrase, quoted; a quote inside is doubled. */
static void add_phrase(struct sv s, bool is_prefix, struct buf *out)
{
    BUF_RELEASE struct buf words = {0};
    if (!has_letters(s))
        return;
    index_words_add(s, &words);
    buf_adds(out, out->n ? " AND \"" : "\"");
    for (size_t i = 0; i < words.n; i++)
        buf_fill(out, words.p[i] ? words.p[i] : ' ', words.p[i] == '"' ? 2 : 1);
    buf_adds(out, is_prefix ? "\" *" : "\"");
}

/* Takes one word or phrase from the beginning of s. Returns: what is left. */
static struct sv take(struct sv s, struct buf *out)
{
    size_t i = 0;
    bool is_quoted = s.p[0] == '"';
    for (i = is_quoted; i < s.n && (is_quoted ? s.p[i] != '"' : !is_space(s.p[i])); i++)
        ;
    struct sv word = sv_slice(s, is_quoted, i);
    if (is_quoted && i < s.n)
        i++;
    bool is_prefix = is_quoted ? i < s.n && s.p[i] == '*' : sv_ends_with(word, SV("*"));
    if (is_quoted && is_prefix)
        i++;
    add_phrase(word, is_prefix, out);
    return sv_slice(s, i, s.n);
}

int query_parse(const char *const *words, size_t count, struct buf *out, struct sr_error *error)
{
    BUF_RELEASE struct buf all = {0};
    size_t before = out->n;
    for (size_t i = 0; i < count; i++)
        buf_addf(&all, "%s%s", i ? " " : "", words[i]);
    struct sv rest = {all.p, all.n};
    while (rest.n) {
        if (is_space(rest.p[0]))
            rest = sv_slice(rest, 1, rest.n);
        else
            rest = take(rest, out);
    }
    int r = 0;
    if (out->n == before)
        r = err_set(error, -EINVAL, "there is no letter and no digit in '%s' to search for",
                    all.p ? all.p : "");
    return r;
}
