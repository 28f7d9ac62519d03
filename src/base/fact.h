/*
 * fact: what is known of the world, with "not known" as an answer of its own.
 *
 * A look at the world has three outcomes, and the third is neither of the
 * others: a process that cannot be read may be an ancestor, a folder that
 * cannot be listed may hold a transcript. So there are three values. Zero means
 * not known, so that a fact that was never filled in protects. Code that acts
 * compares with the value that allows the act:
 *
 *     if (pidref_has_ended(&ref) == FACT_YES)        not: != FACT_NO
 *     if (is_ancestor(pid) != FACT_NO) refuse        fails closed
 */
#pragma once

#include <errno.h>

/* A statement about the world. */
enum fact {
    FACT_UNKNOWN,
    FACT_NO,
    FACT_YES,
};

/* The outcome of looking for something. */
enum lookup_state {
    LOOKUP_UNKNOWN, /* it could not be looked for everywhere: it may be there */
    LOOKUP_ABSENT,  /* looked for everywhere, and not there */
    LOOKUP_FOUND,
};

struct lookup {
    enum lookup_state state;
    int code;          /* UNKNOWN: negative errno, why; else 0 */
    const char *where; /* UNKNOWN: what could not be read; NULL: not stated */
};

static inline struct lookup lookup_found(void)
{
    return (struct lookup){.state = LOOKUP_FOUND};
}

static inline struct lookup lookup_absent(void)
{
    return (struct lookup){.state = LOOKUP_ABSENT};
}

static inline struct lookup lookup_unknown(int code, const char *where)
{
    return (struct lookup){.state = LOOKUP_UNKNOWN, .code = code, .where = where};
}

/*
 * From the result of a system call on a path: 0 or more is found; ENOENT and
 * ENOTDIR (a file where a folder would be) are absent; any other is not known.
 */
static inline struct lookup lookup_of(int result, const char *where)
{
    if (result >= 0)
        return lookup_found();
    if (result == -ENOENT || result == -ENOTDIR)
        return lookup_absent();
    return lookup_unknown(result, where);
}

/* Joins the outcomes of two places: found if in either; absent only if in neither. */
static inline struct lookup lookup_either(struct lookup a, struct lookup b)
{
    if (a.state == LOOKUP_FOUND || b.state == LOOKUP_FOUND)
        return lookup_found();
    return a.state == LOOKUP_UNKNOWN ? a : b;
}
