/*
 * rules: the state of a session, from the evidence alone.
 *
 * There is one table, and the first row that matches wins. Harmless states come
 * before alarming ones, and a row matches only on known facts. A test compares
 * doc/diagnosis.md with the table.
 */
#pragma once

#include "base/arena.h"
#include "session/evidence/evidence.h"
#include "session_rescue.h"

#include <stdbool.h>
#include <stddef.h>

struct rule {
    const char *name; /* unique; several rules may share a cause */
    enum sr_verdict verdict;
    const char *cause; /* the stable word shown to users and scripts */
    const char *confidence;
    const char *advice;
    const char *means; /* a sentence for the documents */
    bool (*holds)(const struct evidence *e);
};

extern const struct rule rules[];
extern const size_t rule_count;

struct judgement {
    const struct rule *rule;
    /* The rule's, but "wait" if the client's own watchdog is about to act, with less confidence;
     * and "look" instead of "kill" while its event loop runs. */
    const char *advice;
    const char *confidence;
    const char *const *evidence;
    size_t evidence_count;
    bool is_noteworthy; /* nothing is wrong, but the user should read the evidence */
};

/* Returns: the judgement; there is always one. Owner of the sentences: the arena. */
struct judgement rules_judge(const struct evidence *e, struct arena *a);

/* During the first look: may it be waiting for the model? If so, its connection is needed. */
bool rules_want_connection(const struct evidence *e);

/*
 * After the first look: could a second one change the answer? Healthy sessions
 * are not suspect, so a listing of them needs no second look.
 */
bool rules_suspect(const struct evidence *e);

/*
 * After the second look: would it be judged asleep if it were watched for longer? A live event loop
 * wakes up at least once a second.
 */
bool rules_want_longer(const struct evidence *e);

/*
 * After the second look: do bytes arrive that may or may not be a reply? If so,
 * its connection is watched for some seconds.
 */
bool rules_want_watch(const struct evidence *e);

/*
 * After all looks: may the client be about to retry a failed request, or be waiting for the answer
 * to a question? Some versions show this only on their screen. False for a client whose loop does
 * not run, as its screen is out of date.
 */
bool rules_want_screen(const struct evidence *e);
