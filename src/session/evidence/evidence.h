/*
 * evidence: the facts about one session at one moment, for the rules to judge.
 *
 * Plain data. Every fact may be unknown, and says so: what is not known never
 * counts against a session. Times are seconds that the machine was awake, the fewest that there
 * can have been (see unsure).
 */
#pragma once

#include "agents/timing.h"
#include "base/fact.h"
#include "conversation/tail.h"
#include "session_rescue.h"

#include <stdbool.h>
#include <stdint.h>

/* What the client publishes in its registry. */
enum client_status { CLIENT_SAYS_NOTHING, CLIENT_IDLE, CLIENT_SHELL, CLIENT_BUSY, CLIENT_WAITING };

/* What a process in a tool's tree does at the moment. */
enum worker_doing {
    WORKER_UNKNOWN,
    WORKER_PROGRESSES,  /* used the CPU or read or wrote during the sample */
    WORKER_SLEEPS,      /* in a sleep of its own, or waits for a child that does */
    WORKER_WANTS_INPUT, /* reads a terminal, a pipe or a FIFO that nobody writes to */
    WORKER_QUIET,       /* none of these: waits for something else */
    WORKER_STOPPED,     /* by a signal */
    WORKER_DEAD,        /* a zombie that the client has not collected */
};

/* A process started for what the session is doing: a tool's shell, a hook. */
struct worker {
    int pid;
    uint64_t start_ticks; /* the number alone may be another's by the time that it is used */
    const char *name;
    enum worker_doing doing;
    const char *input;    /* WORKER_WANTS_INPUT: what it reads, "pipe:[4711]" */
    bool is_hook;         /* started for a hook: see has_workers */
    const char *asked_by; /* of a server: how it is known for the one that was asked; NULL: it is
                             not, or not alone */
    bool is_search;       /* one that the client runs itself for its search tools */
    int64_t cpu_s;        /* that it has used in all */
};

/* A process that has the output of a tool or a hook open. */
struct pipe_holder {
    int pid;
    uint64_t start_ticks;
    const char *name;
};

/* The connection on which the client waits for the model. Ages: -1 is unknown; the one of what was
 * received is the greater exactly when nothing came since the last request was sent. */
struct api_connection {
    enum fact is_there;  /* unknown: this process's connections cannot be seen */
    enum fact has_asked; /* as much as a request is was sent on it */
    const char *peer;    /* "127.0.0.1:443" */
    uint64_t inode;      /* of the socket; 0: none */
    int64_t sent_ago_s;
    int64_t received_ago_s;
    int64_t bytes_received;  /* over its life; -1: unknown */
    int64_t unread_bytes;    /* that the client has not taken yet */
    bool is_connecting;      /* nobody has answered yet: no request can have been sent */
    int64_t unanswered;      /* how often the first packet was repeated; -1: unknown */
    int64_t watched_ms;      /* the connection was watched for so long; 0: it was not */
    int64_t largest_arrival; /* bytes that came between two looks while it was watched */
    int64_t first_arrival_ms, last_arrival_ms; /* of watched_ms; 0: nothing arrived */
};

/* What the client says of a request that failed and that it is going to send again. */
struct retry_facts {
    bool is_said;
    bool is_on_screen;   /* else in its transcript */
    int64_t due_in_s;    /* negative: so long ago it was to be sent */
    int64_t attempt, of; /* 0: not said */
    const char *why;     /* NULL: not said */
    const char *due;     /* on the screen, in its words: "1h"; NULL: due_in_s is all there is */
    const char *until;   /* when a limit is lifted, in its words: "5:55am"; NULL: not said */
};

/* Whether the line in which the client draws its state was read off its terminal. */
enum screen_reading {
    SCREEN_NOT_ASKED,
    SCREEN_OUT_OF_REACH, /* it is no pane of a tmux server of this user's that answers */
    SCREEN_WITHOUT_STATE,
    SCREEN_READ,
};

/* The terminal, as a suspect or stopped session has it. */
struct terminal_facts {
    bool is_known;
    int rows, columns;    /* 0: never set */
    bool is_line_mode;    /* keys are held back until Enter, of an agent that never sets that */
    bool is_in_front;     /* the session's process group has the terminal */
    int64_t unread_bytes; /* typed into it, and not read yet */
};

/* By how much an age may be greater than is said: sleep of the machine of which it is not known
 * whether it was since. */
struct unsure_ages {
    int64_t process_s, status_s, last_event_s, open_tool_s, queued_s, retry_s, prompt_s;
};

struct evidence {
    int64_t patience_s;                /* --timeout */
    const struct agent_timing *timing; /* the agent's; never NULL */
    struct unsure_ages unsure;
    int64_t stamp_error_s; /* by so much ages by stamps may be too great: the clock was set */

    /* the process */
    char state; /* R S D T t Z; 0: unknown */
    const char *wait_channel;
    int64_t process_age_s; /* -1: unknown */
    int64_t cpu_s;         /* that it has used since its start */
    bool computes;         /* at the first look one of its threads ran, and it has used much CPU */
    bool is_print;         /* claude -p: ends by itself when the turn is over */
    bool is_native;        /* not run by node: publishes itself at once */
    enum fact terminal_is_gone;
    bool terminal_may_be_gone; /* one is, where this session is drawn or another of its owner */

    /* what the client says */
    bool is_registered;
    enum client_status status;
    const char *waiting_for;
    int64_t status_age_s; /* -1: unknown */

    /* the conversation */
    enum fact has_transcript; /* no: none, or one in which nothing has been said */
    bool is_unsaved;          /* something was said all the same: it is on no disk */
    bool is_fresh;            /* nothing can have been said in it yet */
    bool is_unbegun;          /* its owner holds it, and nothing of it is written yet */
    enum tail_turn turn;
    int64_t last_event_age_s; /* newest of all its files; -1: unknown */
    const char *open_tool;    /* the oldest without a result; NULL: none */
    int64_t open_tool_age_s;
    size_t open_tool_count;
    bool open_tool_is_mcp;
    bool open_tool_asks_user;  /* it is a question to the user */
    bool open_tool_is_command; /* it runs as a process of its own, once it is permitted */
    enum fact subagent_is_busy;
    size_t queued_count; /* input typed and not taken up, by this process's user */
    int64_t queued_age_s;
    int64_t unrecorded_age_s; /* of the last prompt, which is in no record (yet); -1: none such */
    const char *api_error;    /* of the last request, where nothing came since */
    struct retry_facts retry;

    /* the second look; was_sampled false: none was taken */
    bool was_sampled;
    int64_t sample_ms;
    double main_cpu_percent; /* of one CPU, or of the wait for one; negative: unknown */
    double queued_percent;   /* of the time the main thread waited for a CPU; negative: unknown */
    double cpu_percent;      /* of one CPU, all threads; negative: unknown */
    double wakeups_per_s;    /* of the main thread; negative: unknown */
    bool is_starved;         /* it waited for a CPU all the time: what it would do is not known */
    enum fact main_waits_for_tty_write;
    const struct worker *workers;
    size_t worker_count;
    /* unknown: children cannot be seen, or there is one of which it cannot be told what for. Which
     * process has a part in the work says session/evidence/workers.h. */
    enum fact has_workers;
    /* Started since, not below the client, and can still write to where it reads a tool or a hook:
     * while one of them lives the client waits. */
    const struct pipe_holder *pipe_holders;
    size_t pipe_holder_count;
    const struct worker *servers; /* started by the client, and not for this turn: MCP servers */
    size_t server_count;
    enum fact mcp_progresses;
    int64_t memory_growth_bytes; /* during the sample */
    struct api_connection api;
    struct terminal_facts terminal;
    enum screen_reading screen;
    enum fact screen_asks;   /* a question stands on it */
    const char *screen_line; /* SCREEN_READ: it, without its star */

    /* what decides when the client itself gives up */
    const char *version;
    bool is_first_party;
    int64_t api_timeout_s;
};
