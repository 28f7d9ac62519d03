/*
 * timing: the thresholds of the verdicts, measured on one agent's clients.
 *
 * Plain data, for the rules. Thresholds that hold for any program, the system or a network are in
 * diagnose/rules.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a client is waiting for. */
enum agent_silence {
    AGENT_NO_ANSWER,  /* not a byte since the request was sent */
    AGENT_MID_STREAM, /* the reply broke off */
    AGENT_ONLY_PINGS, /* the reply broke off; keep-alive pings still arrive */
};

/* A client that waits for its model. */
struct agent_waiting {
    const char *version;   /* NULL: not known */
    bool is_first_party;   /* talks to the vendor's own address */
    int64_t api_timeout_s; /* set by the user; 0: not set */
};

/* 0 and NULL: not known. Then no rule that needs the value holds. */
struct agent_timing {
    /* The client ends a shell command that runs for longer. */
    int64_t tool_limit_s;
    /* The longest pause between two tries of a request. */
    int64_t retry_pause_s;
    /* A pause may be longer, as long as the server asks for, and no record tells of it. */
    bool pauses_as_told;
    /* Hooks that nobody waits for write their records within this time after the request. */
    int64_t hook_record_gap_s;
    /* The smallest piece of a reply has more bytes; a keep-alive ping has fewer. */
    int64_t reply_piece_bytes;
    /* A live event loop wakes up at least this often, whatever the client does. */
    int64_t asleep_for_ms;
    /* A client at work turns its spinner and wakes up at least this often; one that waits for its
     * user does not. */
    double spinner_wakeups_per_s;
    /* Percent of one CPU: a dialog uses less, the spinner more. */
    double resting_percent;
    /* Percent of the time spent waiting for a CPU: a dialog waits less. */
    double queued_percent;
    /* Percent of one CPU: a main thread that uses this much and never wakes up only computes. */
    double spinning_percent;
    /* A tool call is in the transcript before the user is asked to allow it. */
    bool writes_calls_first;
    /* A command goes on when its call has had an answer, and later calls of the turn wait for it.
     */
    bool polls_commands;
    /* What it asks its user is in the transcript as soon as it is asked. */
    bool writes_questions;
    /* Returns: seconds of silence until the client gives up by itself; -1: never, or not known. */
    int64_t (*gives_up_after_s)(const struct agent_waiting *client, enum agent_silence silence);
};
