/*
 * rules: what state a session is in, from the evidence alone.
 *
 * One table; the first row that matches wins. Rows for what is harmless stand
 * before rows that alarm, and a row matches only on what is known. The table
 * is the documentation: doc/diagnosis.md is tested against it.
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
    const char *cause; /* the stable word that users and scripts see */
    const char *confidence;
    const char *advice;
    const char *means; /* a sentence for the documents */
    bool (*holds)(const struct evidence *e);
};

extern const struct rule rules[];
extern const size_t rule_count;

struct judgement {
    const struct rule *rule;
    const char *advice; /* the rule's; "wait" where the client's own watchdog is about to act, */
    const char *confidence; /* which is then less; "look" for "kill" while its own loop runs */
    const char *const *evidence;
    size_t evidence_count;
    bool is_noteworthy; /* the evidence holds what its user should know, though nothing is wrong */
};

/* Returns: the judgement; there always is one. Owner of the sentences: the arena. */
struct judgement rules_judge(const struct evidence *e, struct arena *a);

/* Before the end of a first look: may it be waiting for the model? Then its connection matters. */
bool rules_want_connection(const struct evidence *e);

/*
 * After a first look: could a second one change the answer? Healthy sessions
 * are not suspect, so that a listing of them takes no second look.
 */
bool rules_suspect(const struct evidence *e);

/*
 * After a second look: would it be called asleep, if it were watched for longer? A loop that is
 * alive wakes up once a second at the least.
 */
bool rules_want_longer(const struct evidence *e);

/*
 * After a second look: do bytes arrive of which it cannot be said whether they
 * are a reply? Then its connection is worth watching for some seconds.
 */
bool rules_want_watch(const struct evidence *e);

/*
 * After all that: a request may have failed, and the client be about to send it again, or a
 * question may wait for its answer, which some versions say on their screen alone. Only of a client
 * whose loop runs: what another shows is old.
 */
bool rules_want_screen(const struct evidence *e);
