/*
 * closing: the last lines of a run that changed something, and its entry in the
 * session log.
 */
#pragma once

#include "app/context.h"
#include "backup/session_log.h"

struct closing {
    struct buf causes; /* of failures, a line each */
    size_t failed, detected, exported, killed, revived;
    struct buf resume;                    /* lines: a command, or the process with the session */
    char log_name[SESSION_LOG_NAME_SIZE]; /* empty: nothing was written */
};

void closing_add_cause(struct closing *c, const char *text);
/* command NULL: process pid has the session. */
void closing_add_resume(struct closing *c, const char *session_id, const char *command, int pid);
/* What to know before the command that was added last is run. NULL: nothing. */
void closing_add_caution(struct closing *c, const char *caution);
/* Says why there is no command. */
void closing_add_nothing_to_resume(struct closing *c, const char *session_id);

/* Appends to the session log; if that fails, adds a cause. */
void closing_log(struct closing *c, const struct context *context,
                 const struct session_log_row *rows, size_t count);

/* For a dry run that would end with status and write to the session log. Returns: status, or
 * EXIT_FAILED, after a message, if the log could not be written. */
int closing_foresee(const struct context *context, int status);

/*
 * Prints the block: on standard output if all went well, else on standard error
 * with the causes; with --json only after failures. Releases c.
 * Returns: status, or EXIT_FAILED.
 */
int closing_print(struct closing *c, const struct context *context, int status);
