/*
 * session-rescue finds hung terminal sessions of coding agents, says why they
 * hang, and brings them back.
 *
 * A map of the tree, in the order in which one folder may use another
 * (src/LAYERS):
 *
 *   base/        memory, text, errors, files, JSON, clocks
 *   transcript/  what the lines of a session's file say, read from either end
 *   platform/    processes and terminals as the operating system shows them
 *   agent/       how Claude Code looks as a process and on disk
 *   session/     process, terminal and transcript put together: discover.c is
 *                where a listing happens, mapping.c decides what belongs to what
 *   diagnose/    what state a session is in: rules.c is a table of sentences
 *   triage/      gathers evidence for the rules, and looks twice at suspects
 *   action/      backups, the end of a session, and the session log: all
 *                that changes anything
 *   view/        the listing as text and as JSON
 *   app/         what you are reading: options, surroundings, commands/<mode>.c
 *
 * include/session_rescue.h is the library's face; this program is its first
 * user.
 */
#include "app/commands/commands.h"

#include <stdio.h>
#include <unistd.h>

static int print(const char *text)
{
    struct buf out = {0};
    buf_adds(&out, text);
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

/* Somebody is there to choose from a menu. */
static bool has_person(const struct options *options)
{
    return !options->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int main(int argc, char **argv)
{
    struct options options;
    struct sr_error error;
    if (options_parse(argc, argv, &options, &error) < 0) {
        context_complain(error.text);
        fputs("Try 'session-rescue --help'.\n", stderr);
        return EXIT_USAGE;
    }
    int status = EXIT_FINE;
    switch (options.mode) {
    case MODE_HELP:
        status = print(options_help());
        break;
    case MODE_VERSION:
        status = print("session-rescue " SR_VERSION "\n");
        break;
    case MODE_RESUME:
        status = context_run(&options, command_resume);
        break;
    case MODE_EXPORT:
        status = context_run(&options, command_export);
        break;
    case MODE_VERIFY:
        status = context_run(&options, command_verify);
        break;
    case MODE_RESTORE:
        status = context_run(&options, command_restore);
        break;
    case MODE_KILL:
        status = context_run(&options, command_kill);
        break;
    case MODE_NONE:
        status = context_run(&options, has_person(&options) ? command_rescue : command_status);
        break;
    case MODE_STATUS:
        status = context_run(&options, command_status);
        break;
    }
    options_release(&options);
    return status;
}
