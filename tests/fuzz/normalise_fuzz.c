/*
 * Any bytes as a text in another form. The first byte chooses: an encoding that is
 * taken for granted, or what the bytes say. No byte but white space and an array's
 * punctuation goes away; what is made holds no fewer whole records, each on a line
 * of its own, and nothing of it is to be joined again; the size of the pieces that
 * it is read in makes no difference.
 */
#include "repair/normalise.h"

#include "must.h"

struct text {
    struct sv bytes;
    size_t piece;
};

static int64_t read_memory(void *context, char *bytes, size_t n, int64_t offset)
{
    const struct text *t = context;
    must(offset >= 0);
    if ((size_t)offset >= t->bytes.n)
        return 0;
    n = n < t->bytes.n - (size_t)offset ? n : t->bytes.n - (size_t)offset;
    n = n < t->piece ? n : t->piece;
    memcpy(bytes, t->bytes.p + offset, n);
    return (int64_t)n;
}

static int keep(void *context, const char *bytes, size_t n)
{
    buf_add(context, bytes, n);
    return 0;
}

static struct record_source source_of(struct text *t)
{
    return (struct record_source){read_memory, t, (int64_t)t->bytes.n, {0}};
}

static void must_be_in_order(const struct normalise_found *found, int64_t size)
{
    int64_t at = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct normalise_span *s = &found->spans[i];
        must(at <= s->from && s->from <= s->record_from && s->record_from <= s->record_to);
        must(s->record_to <= s->to && s->to <= size);
        at = s->to;
    }
    must(found->joined <= found->whole && (found->count || !found->joined));
}

static size_t make(struct text *t, struct buf *made)
{
    struct record_source source = source_of(t);
    struct normalise_found found;
    must(normalise_find(&source, 0, true, &found) == 0);
    must_be_in_order(&found, source.size_bytes);
    must(normalise_write(&source, &found, keep, made) == 0);
    size_t whole = found.whole;
    normalise_release(&found);
    return whole;
}

static bool may_go(char c)
{
    return strchr(" \t\r\n,[]", c) || c == '\xef' || c == '\xbb' || c == '\xbf';
}

/* Both in order, but for bytes that may go, and newlines that come. */
static void must_keep(struct sv before, struct sv after)
{
    size_t j = 0;
    for (size_t i = 0; i < before.n; i++) {
        while (j < after.n && after.p[j] != before.p[i] && after.p[j] == '\n')
            j++;
        if (j < after.n && after.p[j] == before.p[i])
            j++;
        else
            must(may_go(before.p[i]));
    }
    while (j < after.n && after.p[j] == '\n')
        j++;
    must(j == after.n);
}

static void normalise(struct sv bytes)
{
    struct buf made = {0}, again = {0}, small = {0};
    struct text text = {bytes, SIZE_MAX};
    size_t whole = make(&text, &made);
    must_keep(bytes, (struct sv){made.p, made.n});
    text.piece = 3;
    must(make(&text, &small) == whole && small.n == made.n);
    must(made.n == 0 || memcmp(small.p, made.p, made.n) == 0);
    struct text second = {{made.p ? made.p : "", made.n}, SIZE_MAX};
    must(make(&second, &again) >= whole);
    must(again.n == made.n && (made.n == 0 || memcmp(again.p, made.p, made.n) == 0));
    buf_release(&made);
    buf_release(&again);
    buf_release(&small);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf recoded = {0};
    if (size < 1)
        return 0;
    struct text text = {{(const char *)data + 1, size - 1}, SIZE_MAX};
    struct record_source source = source_of(&text);
    enum normalise_encoding encoding =
        data[0] % 4 < 3 ? data[0] % 4 : normalise_encoding(text.bytes);
    if (encoding == NORMALISE_UTF8) {
        normalise(text.bytes);
        return 0;
    }
    must(normalise_recode(&source, encoding, keep, &recoded) == 0);
    normalise((struct sv){recoded.p ? recoded.p : "", recoded.n});
    buf_release(&recoded);
    return 0;
}
