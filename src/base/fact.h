/*
 * fact: what is known of the world, with "not known" as an answer of its own.
 *
 * A look at the world has three outcomes, and the third is neither of the
 * others: a process that cannot be read is not "no ancestor", a folder that
 * cannot be listed holds not "no transcript". So what asks gets three values,
 * zero is the one that is not known (a fact that nobody has filled in protects),
 * and whoever acts compares with the value that allows it:
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

/* What looking for a thing came to. */
enum lookup_state {
    LOOKUP_UNKNOWN, /* it could not be looked for everywhere: it may be there */
    LOOKUP_ABSENT,  /* looked for everywhere, and not there */
    LOOKUP_FOUND,
};

struct lookup {
    enum lookup_state state;
    int code;          /* UNKNOWN: negative errno, why; else 0 */
    const char *where; /* UNKNOWN: what could not be read; NULL where nobody can say */
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
 * Of a system call on a path: 0 and more is found; ENOENT, and ENOTDIR (a file
 * stands where a folder would be), is absent; everything else is not known.
 */
static inline struct lookup lookup_of(int result, const char *where)
{
    if (result >= 0)
        return lookup_found();
    if (result == -ENOENT || result == -ENOTDIR)
        return lookup_absent();
    return lookup_unknown(result, where);
}

/* Of two places that were looked into: found in either; absent only where it is in neither. */
static inline struct lookup lookup_either(struct lookup a, struct lookup b)
{
    if (a.state == LOOKUP_FOUND || b.state == LOOKUP_FOUND)
        return lookup_found();
    return a.state == LOOKUP_UNKNOWN ? a : b;
}
