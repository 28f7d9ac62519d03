/*
 * commands: one file a mode, and in it the mode's row: its name, its help, what
 * it takes, what of root's rights it has a use for, and what it does.
 *
 * A new mode is a file with a row, and its name in the list below.
 */
#pragma once

#include "app/context.h"

#include <stdint.h>

struct command {
    const char *name;  /* without the dashes; NULL: is not typed as one */
    char letter;       /* 0: no short form */
    const char *words; /* what may follow it, as the help shows it; NULL: nothing */
    size_t at_least, at_most;
    const char *takes; /* for a wrong number of words: "one backup" */
    const char *help;

    /* Under the guard. Returns: the exit status. */
    command_run *run;
    /* In its place, where a command has something to do outside the guard. */
    int (*start)(const struct options *options);
    /* What was said must go together. NULL: it does. Returns: 0, or -EINVAL with the reason. */
    int (*check)(const struct options *options, struct sr_error *error);

    const char *const *options;     /* of those that go with some modes alone; NULL: none of them */
    unsigned rights;                /* of root's, when sudo runs it: PRIVILEGE_... */
    bool is_of_the_program;         /* --help, --version: whatever else was said */
    bool config_dir_may_be_missing; /* one that was named: it is made, or waited for */
    bool looks_for_no_session;      /* what a config directory holds is not looked at */
    bool wants_live;                /* its WHICH has a process */
};

#define ANY_NUMBER .at_most = SIZE_MAX
#define NO_WORD .takes = "no argument"
#define ONE(what) .at_least = 1, .at_most = 1, .takes = (what)

/* All of them, in the order of the help: a row is command_<name>. */
#define COMMANDS_IN_ORDER(X) \
    X(status)                \
    X(resume)                \
    X(export)                \
    X(check)                 \
    X(repair)                \
    X(verify)                \
    X(restore)               \
    X(kill)                  \
    X(revive)                \
    X(context)               \
    X(search)                \
    X(report)                \
    X(watch)                 \
    X(help)                  \
    X(version)
#define COMMAND_COUNTS(name) +1
#define COMMAND_IS_A_ROW(name) extern const struct command command_##name;

enum { COMMANDS = 0 COMMANDS_IN_ORDER(COMMAND_COUNTS) };
COMMANDS_IN_ORDER(COMMAND_IS_A_ROW)
extern const struct command *const *const commands; /* COMMANDS of them */
extern const struct command command_none;           /* no mode was named */
extern const struct command command_complete;       /* asked by a shell: --complete WORD... */

/* Whether an option goes with the command: one that no command names goes with all. */
bool command_takes(const struct command *command, const char *option);

int export_run(struct context *context);
/* --export --if-context. */
int export_if_context(const struct options *options);
