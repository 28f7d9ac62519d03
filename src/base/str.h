/*
 * str: bytes that are looked at (struct sv) and bytes that grow (struct buf).
 *
 * A view points into memory that somebody else owns and need not end in NUL;
 * a transcript line may hold NULs itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sv {
    const char *p;
    size_t n;
};

#define SV(literal) ((struct sv){literal, sizeof(literal) - 1})

/* A view of a C string; NULL gives an empty one. */
struct sv sv_of(const char *s);
bool sv_equals(struct sv a, struct sv b);
bool sv_is(struct sv s, const char *word);
bool sv_starts_with(struct sv s, struct sv prefix);
bool sv_ends_with(struct sv s, struct sv suffix);
/* Returns: where needle begins in s, at or after from; s.n where it does not occur. */
size_t sv_find(struct sv s, size_t from, struct sv needle);
struct sv sv_slice(struct sv s, size_t from, size_t to);
/* Cuts the next line off the beginning of rest, without its newline. Returns: whether it had one.
 *
 *     for (struct sv rest = text, line; rest.n;) {
 *         sv_cut_line(&rest, &line); */
bool sv_cut_line(struct sv *rest, struct sv *line);
/* Whole of s is a decimal number that fits. Returns: false otherwise, *out untouched. */
bool sv_to_i64(struct sv s, int64_t *out);

bool str_equals(const char *a, const char *b); /* NULL equals only NULL */
/* Whether word is one of a list, which has spaces in between: str_in(name, "bash zsh fish") */
bool str_in(const char *word, const char *list);
/* For qsort and bsearch of an array of strings. */
int str_compare(const void *a, const void *b);
bool str_starts_with(const char *s, const char *prefix);
bool str_ends_with(const char *s, const char *suffix);
/* What follows the last slash; the whole path when there is none. */
const char *str_basename(const char *path);
/* 8-4-4-4-12 hexadecimal digits, and nothing else. */
bool str_is_uuid(struct sv s);

/* "56MB", "2.1kB": a size for people, powers of 1000. Returns: text. */
enum { STR_SIZE_TEXT = 16 };
const char *str_format_size(int64_t bytes, char text[static STR_SIZE_TEXT]);

/* Bytes that grow. Start with {0}; buf_release frees. p is NUL-terminated once not NULL. */
struct buf {
    char *p;
    size_t n, capacity;
};

void buf_add(struct buf *b, const char *bytes, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* count times the byte c */
void buf_fill(struct buf *b, char c, size_t count);
void buf_release(struct buf *b);

/* Releases it when it goes out of scope: BUF_RELEASE struct buf text = {0}; */
#define BUF_RELEASE __attribute__((cleanup(buf_release)))
