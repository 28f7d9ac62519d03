/*
 * json: JSON read and written through yyjson; nothing but this and json_read includes it.
 *
 * Reading. Values stay valid as long as the arena. Every getter accepts NULL and
 * values of other types, and answers no: foreign files may have the wrong types.
 *
 *     const struct json_value *root;
 *     if (json_parse(&arena, text, &root) == 0)
 *         json_string(json_get(root, "sessionId"), &id);
 *
 * Writing. A document is built, then written at once. Bytes that are not UTF-8
 * (a path may be any bytes) become U+FFFD.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct json_value;

/*
 * Parses exactly one value. A lone surrogate escape ("\ud83d", which agents do
 * write when they cut an emoji in two) reads as U+FFFD. So does a byte that is
 * not UTF-8. A number that fits neither 64 bits nor a double keeps its digits,
 * but json_integer and json_real say no. Returns: 0 or -EBADMSG.
 */
int json_parse(struct arena *a, struct sv text, const struct json_value **root);

const struct json_value *json_get(const struct json_value *object, const char *key);
/* out[i] is as json_get of keys[i]: several members in one pass. */
void json_get_each(const struct json_value *object, const struct sv *keys, size_t count,
                   const struct json_value **out);
/* As json_get along keys that end in NULL: json_path(r, "message", "content", NULL). */
const struct json_value *json_path(const struct json_value *object, ...) __attribute__((sentinel));
bool json_string(const struct json_value *v, struct sv *out);
/* The text of a member, of a value; empty where there is none. */
struct sv json_text_at(const struct json_value *object, const char *key);
struct sv json_text(const struct json_value *v);
bool json_integer(const struct json_value *v, int64_t *out);
bool json_real(const struct json_value *v, double *out); /* of any number */
bool json_is_true(const struct json_value *v);
bool json_is_false(const struct json_value *v); /* the value false, not an absent one */
bool json_is_null(const struct json_value *v);  /* the value null, not an absent one */
bool json_is_object(const struct json_value *v);
bool json_is_array(const struct json_value *v);

/* Items of an array: for (v = json_first(array); v; v = json_next(array, v)) */
const struct json_value *json_first(const struct json_value *array);
const struct json_value *json_next(const struct json_value *array, const struct json_value *item);

/* A member of an object: a copy of its text, NULL where it is no string; its number, -1 where it
 * is no integer. */
const char *json_copy_text(struct arena *a, const struct json_value *object, const char *key);
int64_t json_number(const struct json_value *object, const char *key);
/* The strings of an array, copied; what is no string is passed over. */
const char *const *json_copy_strings(struct arena *a, const struct json_value *array,
                                     size_t *count);
size_t json_length(const struct json_value *array);

/* Members of an object, in order. Calls each until it returns false. */
void json_each(const struct json_value *object,
               bool (*each)(void *context, struct sv key, const struct json_value *value),
               void *context);

/* Appends a value that was read as JSON text, two spaces an indent level; UTF-8. */
void json_add_value(const struct json_value *v, struct buf *out);

/* Writing */
struct json_document;
struct json_node;

struct json_document *json_document_new(void);
struct json_node *json_object(struct json_document *d);
struct json_node *json_array(struct json_document *d);
/* A new one, put there: what is put into it later is in the document. */
struct json_node *json_put_object(struct json_document *d, struct json_node *to, const char *key);
struct json_node *json_put_array(struct json_document *d, struct json_node *to, const char *key);

/* key NULL: append to an array. Keys are not copied: string literals. s NULL: null. */
void json_put(struct json_document *d, struct json_node *to, const char *key,
              struct json_node *value);
void json_put_string(struct json_document *d, struct json_node *to, const char *key, const char *s);
void json_put_text(struct json_document *d, struct json_node *to, const char *key, struct sv s);
/* An empty text means not known, and becomes null. */
void json_put_known_text(struct json_document *d, struct json_node *to, const char *key,
                         struct sv s);
/* A copy of a value that was read; NULL: null. */
void json_put_value(struct json_document *d, struct json_node *to, const char *key,
                    const struct json_value *v);
void json_put_integer(struct json_document *d, struct json_node *to, const char *key, int64_t n);
/* A count or a size; a negative one, which means not known, becomes null. */
void json_put_count(struct json_document *d, struct json_node *to, const char *key, int64_t n);
void json_put_pid(struct json_document *d, struct json_node *to, const char *key,
                  int pid); /* 0: null */
/* As ISO 8601; null where it is not known. */
void json_put_time(struct json_document *d, struct json_node *to, const char *key, struct wall at);
void json_put_strings(struct json_document *d, struct json_node *to, const char *key,
                      const char *const *items, size_t count);
void json_put_real(struct json_document *d, struct json_node *to, const char *key, double x);
void json_put_bool(struct json_document *d, struct json_node *to, const char *key, bool b);
void json_put_null(struct json_document *d, struct json_node *to, const char *key);

/* Appends the document in ASCII (what is beyond is escaped: no text can drive a terminal), two
 * spaces an indent level, with a final newline; compact: one line. The document is freed. */
void json_finish(struct json_document *d, struct json_node *root, bool compact, struct buf *out);
