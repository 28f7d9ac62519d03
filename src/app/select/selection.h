/*
 * selection: all sessions that the words of a command name.
 *
 *     selection_parse(&selection, &arena, words, count, &error);
 *     selection_narrow(&selection, &look);
 *     sr_detect_processes(&look, &snapshot, &error);
 *     selection_find(&context, &selection, snapshot, sessions);
 */
#pragma once

#include "app/context.h"
#include "app/select/which.h"

struct selection {
    struct which *words;
    size_t count;
    const char **prefixes; /* of session ids among the words */
    size_t prefix_count;
};

/* Returns: 0, or -EINVAL when a word can name no session. Owner: the arena. */
int selection_parse(struct selection *s, struct arena *a, const char *const *words, size_t count,
                    struct sr_error *error);

/* Adds a session id to read, without a word for it. */
void selection_add_prefix(struct selection *s, struct arena *a, const char *prefix);

/* Limits the stored sessions to read to those that a word can mean. */
void selection_narrow(const struct selection *s, struct sr_options *look);

/* Takes out the words that name no session, but transcripts that lie where the client does not
 * look. Returns: how many transcripts those are. Owner of *out: the arena. */
size_t selection_take_strays(struct selection *s, struct arena *a,
                             const struct sr_snapshot *snapshot, struct sr_stray **out);

/* Says of each, on standard error, that it lies where the client does not look. */
void selection_tell_strays(const struct sr_stray *strays, size_t count);

/* Stores one session per word. Reports a word that names none or several, and which of several
 * copies it takes. Returns: 0 or an exit status; EXIT_ATTENTION: a word may name a session that
 * could not be looked at. */
int selection_find(struct context *context, const struct selection *s,
                   const struct sr_snapshot *snapshot, const struct sr_session **sessions);
