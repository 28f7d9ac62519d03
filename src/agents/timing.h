/*
 * timing: what the verdicts compare with, as it was measured on one agent's clients.
 *
 * Plain data, for the rules. What holds of any program, of the system or of a network stands
 * in diagnose/rules.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* For what a client waits. */
enum agent_silence {
    AGENT_NO_ANSWER,  /* not a byte since the request was sent */
    AGENT_MID_STREAM, /* the reply broke off */
    AGENT_ONLY_PINGS, /* the reply broke off, keep-alive pings still arrive */
};

/* A client that waits for its model. */
struct agent_waiting {
    const char *version;   /* NULL: not known */
    bool is_first_party;   /* talks to the vendor's own address */
    int64_t api_timeout_s; /* that the user has set; 0: not set */
};

/* 0 and NULL: not known; then no rule that needs it holds. */
struct agent_timing {
    /* A shell command that runs for longer should have been ended by the client. */
    int64_t tool_limit_s;
    /* Between two tries of a request passes no more. */
    int64_t retry_pause_s;
    /* Records of hooks that nobody waits for come no later after the request. */
    int64_t hook_record_gap_s;
    /* The smallest piece of a reply takes more bytes, a keep-alive ping less. */
    int64_t reply_piece_bytes;
    /* A loop that is alive wakes up within so long, whatever the client does. */
    int64_t asleep_for_ms;
    /* One at work turns its spinner, and wakes up as often or oftener; one that waits for its user
     * does not. */
    double spinner_wakeups_per_s;
    /* Of a CPU: a dialog takes less, the spinner more; */
    double resting_percent;
    /* a dialog does not wait this long for one; */
    double queued_percent;
    /* a main thread that takes this much and does not wake up does nothing but compute. */
    double spinning_percent;
    /* A call of a tool is in the transcript before the user is asked whether it may run. */
    bool writes_calls_first;
    /* Returns: seconds of silence after which the client acts by itself; -1: never, or not known.
     */
    int64_t (*gives_up_after_s)(const struct agent_waiting *client, enum agent_silence silence);
};
