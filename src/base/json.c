#include "base/json.h"

#include "base/json_read.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* yyjson allocates the parsed document from the caller's arena; nothing is freed singly. */
static void *arena_malloc(void *context, size_t size)
{
    return arena_take(context, size);
}

static void *arena_realloc(void *context, void *old, size_t old_size, size_t size)
{
    void *p = arena_take(context, size);
    if (old)
        memcpy(p, old, old_size < size ? old_size : size);
    return p;
}

static void arena_no_free(void *context, void *p)
{
    (void)context;
    (void)p;
}

static yyjson_doc *read_document(struct arena *a, struct sv text)
{
    yyjson_alc alc = {arena_malloc, arena_realloc, arena_no_free, a};
    /* yyjson takes char *: it writes only with YYJSON_READ_INSITU. 1e400 is JSON: the agents'
     * parser reads it as infinity, and here it is what it says. */
    return yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_BIGNUM_AS_RAW, &alc,
                            NULL);
}

static bool is_high(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Turns every surrogate escape without its other half into \ufffd, in place: same length. */
static void mend_lone_surrogates(char *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (p[i] != '\\')
            continue;
        if (p[i + 1] != 'u' || i + 6 > n) {
            i++; /* an escaped character, a backslash perhaps */
            continue;
        }
        int unit = json_read_hex4(p + i + 2);
        bool paired = is_high(unit) && i + 12 <= n && p[i + 6] == '\\' && p[i + 7] == 'u' &&
                      is_low(json_read_hex4(p + i + 8));
        if (paired)
            i += 11;
        else {
            if (is_high(unit) || is_low(unit))
                memcpy(p + i + 2, "fffd", 4);
            i += 5;
        }
    }
}

int json_parse(struct arena *a, struct sv text, const struct json_value **root)
{
    yyjson_val *ordinary = json_read_ordinary(a, text);
    if (ordinary) {
        *root = (const struct json_value *)ordinary;
        return 0;
    }
    yyjson_doc *doc = read_document(a, text);
    if (!doc) {
        /* Rare: mend a copy, and see whether that was all. */
        BUF_RELEASE struct buf mended = {0};
        utf8_add_valid(&mended, text);
        mend_lone_surrogates(mended.p, mended.n);
        doc = read_document(a, (struct sv){mended.p, mended.n});
    }
    if (!doc)
        return -EBADMSG;
    *root = (const struct json_value *)yyjson_doc_get_root(doc);
    return 0;
}

static yyjson_val *raw(const struct json_value *v)
{
    return (yyjson_val *)(uintptr_t)v;
}

static const struct json_value *cooked(const yyjson_val *v)
{
    return (const struct json_value *)v;
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
    return cooked(yyjson_obj_get(raw(object), key));
}

void json_get_each(const struct json_value *object, const struct sv *keys, size_t count,
                   const struct json_value **out)
{
    memset(out, 0, count * sizeof *out);
    if (!yyjson_is_obj(raw(object)))
        return;
    yyjson_val *key = raw(object) + 1;
    for (size_t left = yyjson_obj_size(raw(object)); left--;
         key = unsafe_yyjson_get_next(key + 1)) {
        size_t n = unsafe_yyjson_get_len(key);
        for (size_t i = 0; i < count; i++)
            if (keys[i].n == n && memcmp(key->uni.str, keys[i].p, n) == 0 && !out[i])
                out[i] = cooked(key + 1);
    }
}

const struct json_value *json_path(const struct json_value *object, ...)
{
    va_list keys;
    va_start(keys, object);
    for (const char *key; (key = va_arg(keys, const char *));)
        object = json_get(object, key);
    va_end(keys);
    return object;
}

bool json_string(const struct json_value *v, struct sv *out)
{
    if (!yyjson_is_str(raw(v)))
        return false;
    if (json_read_is_escaped(raw(v)))
        json_read_unescape(raw(v));
    *out = (struct sv){yyjson_get_str(raw(v)), yyjson_get_len(raw(v))};
    return true;
}

bool json_integer(const struct json_value *v, int64_t *out)
{
    if (!yyjson_is_int(raw(v)))
        return false;
    if (yyjson_is_uint(raw(v)) && yyjson_get_uint(raw(v)) > INT64_MAX)
        return false;
    *out = yyjson_get_sint(raw(v));
    return true;
}

bool json_real(const struct json_value *v, double *out)
{
    if (!yyjson_is_num(raw(v)))
        return false;
    *out = yyjson_get_num(raw(v));
    return true;
}

bool json_is_true(const struct json_value *v)
{
    return yyjson_is_true(raw(v));
}

bool json_is_false(const struct json_value *v)
{
    return yyjson_is_false(raw(v));
}

bool json_is_null(const struct json_value *v)
{
    return yyjson_is_null(raw(v));
}

bool json_is_object(const struct json_value *v)
{
    return yyjson_is_obj(raw(v));
}

bool json_is_array(const struct json_value *v)
{
    return yyjson_is_arr(raw(v));
}

const struct json_value *json_first(const struct json_value *array)
{
    return cooked(yyjson_arr_get_first(raw(array)));
}

const struct json_value *json_next(const struct json_value *array, const struct json_value *item)
{
    /* yyjson keeps an array's items one after another in memory. */
    const yyjson_val *end = unsafe_yyjson_get_next(raw(array));
    const yyjson_val *next = unsafe_yyjson_get_next(raw(item));
    return next == end ? NULL : cooked(next);
}

struct sv json_text(const struct json_value *v)
{
    struct sv s = {0};
    json_string(v, &s);
    return s;
}

struct sv json_text_at(const struct json_value *object, const char *key)
{
    return json_text(json_get(object, key));
}

const char *json_copy_text(struct arena *a, const struct json_value *object, const char *key)
{
    struct sv s;
    return json_string(json_get(object, key), &s) ? arena_strndup(a, s.p, s.n) : NULL;
}

int64_t json_number(const struct json_value *object, const char *key)
{
    int64_t n;
    return json_integer(json_get(object, key), &n) ? n : -1;
}

size_t json_length(const struct json_value *array)
{
    size_t n = 0;
    for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
        n++;
    return n;
}

const char *const *json_copy_strings(struct arena *a, const struct json_value *array, size_t *count)
{
    const char **items = arena_alloc(a, (json_length(array) + 1) * sizeof *items);
    struct sv s;
    size_t n = 0;
    for (const struct json_value *v = json_first(array); v; v = json_next(array, v))
        if (json_string(v, &s))
            items[n++] = arena_strndup(a, s.p, s.n);
    *count = n;
    return items;
}

void json_each(const struct json_value *object,
               bool (*each)(void *context, struct sv key, const struct json_value *value),
               void *context)
{
    yyjson_obj_iter it = {0};
    if (!yyjson_obj_iter_init(raw(object), &it))
        return;
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
        struct sv name = {yyjson_get_str(key), yyjson_get_len(key)};
        if (!each(context, name, cooked(yyjson_obj_iter_get_val(key))))
            return;
    }
}

void json_add_value(const struct json_value *v, struct buf *out)
{
    size_t n;
    if (v)
        json_read_unescape_all(raw(v));
    char *text = yyjson_val_write(raw(v), YYJSON_WRITE_PRETTY_TWO_SPACES, &n);
    if (!text)
        return; /* there is no value */
    buf_add(out, text, n);
    free(text);
}

/* Writing: struct json_document is yyjson's mutable document, json_node its value. */

static yyjson_mut_doc *raw_doc(struct json_document *d)
{
    return (yyjson_mut_doc *)d;
}

static yyjson_mut_val *raw_node(struct json_node *n)
{
    return (yyjson_mut_val *)n;
}

/* yyjson's builders return NULL only when memory is out. */
static void *must(void *p)
{
    if (!p)
        mem_exhausted();
    return p;
}

struct json_document *json_document_new(void)
{
    return must(yyjson_mut_doc_new(NULL));
}

struct json_node *json_object(struct json_document *d)
{
    return must(yyjson_mut_obj(raw_doc(d)));
}

struct json_node *json_array(struct json_document *d)
{
    return must(yyjson_mut_arr(raw_doc(d)));
}

void json_put(struct json_document *d, struct json_node *to, const char *key,
              struct json_node *value)
{
    must(value);
    if (key)
        yyjson_mut_obj_add(raw_node(to), must(yyjson_mut_str(raw_doc(d), key)), raw_node(value));
    else
        yyjson_mut_arr_append(raw_node(to), raw_node(value));
}

struct json_node *json_put_object(struct json_document *d, struct json_node *to, const char *key)
{
    struct json_node *object = json_object(d);
    json_put(d, to, key, object);
    return object;
}

struct json_node *json_put_array(struct json_document *d, struct json_node *to, const char *key)
{
    struct json_node *array = json_array(d);
    json_put(d, to, key, array);
    return array;
}

void json_put_string(struct json_document *d, struct json_node *to, const char *key, const char *s)
{
    if (s)
        json_put_text(d, to, key, sv_of(s));
    else
        json_put_null(d, to, key);
}

void json_put_text(struct json_document *d, struct json_node *to, const char *key, struct sv s)
{
    BUF_RELEASE struct buf valid = {0};
    utf8_add_valid(&valid, s);
    json_put(d, to, key,
             (struct json_node *)yyjson_mut_strncpy(raw_doc(d), valid.p ? valid.p : "", valid.n));
}

void json_put_known_text(struct json_document *d, struct json_node *to, const char *key,
                         struct sv s)
{
    if (s.n)
        json_put_text(d, to, key, s);
    else
        json_put_null(d, to, key);
}

void json_put_value(struct json_document *d, struct json_node *to, const char *key,
                    const struct json_value *v)
{
    if (!v) {
        json_put_null(d, to, key);
        return;
    }
    json_read_unescape_all(raw(v));
    json_put(d, to, key, (struct json_node *)yyjson_val_mut_copy(raw_doc(d), raw(v)));
}

void json_put_integer(struct json_document *d, struct json_node *to, const char *key, int64_t n)
{
    json_put(d, to, key, (struct json_node *)yyjson_mut_sint(raw_doc(d), n));
}

void json_put_count(struct json_document *d, struct json_node *to, const char *key, int64_t n)
{
    if (n < 0)
        json_put_null(d, to, key);
    else
        json_put_integer(d, to, key, n);
}

void json_put_pid(struct json_document *d, struct json_node *to, const char *key, int pid)
{
    json_put_count(d, to, key, pid > 0 ? pid : -1);
}

void json_put_time(struct json_document *d, struct json_node *to, const char *key, struct wall at)
{
    char text[WALL_TEXT_SIZE];
    json_put_string(d, to, key, wall_known(at) ? wall_format(at, text) : NULL);
}

void json_put_strings(struct json_document *d, struct json_node *to, const char *key,
                      const char *const *items, size_t count)
{
    struct json_node *array = json_put_array(d, to, key);
    for (size_t i = 0; i < count; i++)
        json_put_string(d, array, NULL, items[i]);
}

void json_put_real(struct json_document *d, struct json_node *to, const char *key, double x)
{
    json_put(d, to, key, (struct json_node *)yyjson_mut_real(raw_doc(d), x));
}

void json_put_bool(struct json_document *d, struct json_node *to, const char *key, bool b)
{
    json_put(d, to, key, (struct json_node *)yyjson_mut_bool(raw_doc(d), b));
}

void json_put_null(struct json_document *d, struct json_node *to, const char *key)
{
    json_put(d, to, key, (struct json_node *)yyjson_mut_null(raw_doc(d)));
}

/* yyjson leaves this one control character as it is; it can only stand in a string. */
static void add_without_del(struct buf *out, struct sv text)
{
    while (text.n) {
        size_t at = sv_find(text, 0, SV("\x7f"));
        buf_add(out, text.p, at);
        if (at < text.n)
            buf_adds(out, "\\u007F");
        text = sv_slice(text, at + 1, text.n);
    }
}

void json_finish(struct json_document *d, struct json_node *root, bool compact, struct buf *out)
{
    yyjson_mut_doc_set_root(raw_doc(d), raw_node(root));
    size_t n;
    char *text = yyjson_mut_write(
        raw_doc(d), YYJSON_WRITE_ESCAPE_UNICODE | (compact ? 0 : YYJSON_WRITE_PRETTY_TWO_SPACES),
        &n);
    must(text);
    add_without_del(out, (struct sv){text, n});
    buf_adds(out, "\n");
    free(text);
    yyjson_mut_doc_free(raw_doc(d));
}
