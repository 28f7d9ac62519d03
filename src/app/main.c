/*
 * session-rescue finds hung terminal sessions of coding agents, says why they
 * hang, and brings them back.
 *
 * A map of the tree, in the order in which one folder may use another
 * (src/LAYERS):
 *
 *   base/         memory, text, errors, files, JSON, digests, clocks
 *   jsonl/        what a line is, whole or damaged
 *   conversation/ turns, tool calls, results; what a client would load of them
 *   repair/       what is wrong with a transcript, and the edits that mend it
 *   salvage/      what the memory of a process still holds of a reply
 *   platform/     processes, terminals and sockets as the operating system shows them
 *   agents/       the contract, and a folder for each agent: what is true of one alone
 *   session/      process, terminal and transcript put together: discover.c is
 *                 where a listing happens, mapping.c decides what belongs to what
 *   diagnose/     what state a session is in: rules.c is a table of sentences
 *   triage/       gathers evidence for the rules, and looks twice at suspects
 *   backup/       sealed copies: made, verified, restored; the session log
 *   control/      all that touches a live process or an agent's own file
 *   search/       which words were said where: the full-text index of --search
 *   view/         the listing and every answer as text and as JSON
 *   app/          what you are reading: options, surroundings, commands/<mode>.c
 *
 * include/session_rescue.h is the library's face; this program is its first
 * user.
 */
#include "app/commands/commands.h"
#include "app/console.h"
#include "app/hook.h"
#include "app/invoker.h"
#include "app/watch/watch.h"
#include "platform/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Somebody is there to choose from a menu. */
static bool has_person(const struct options *options)
{
    return !options->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int print_help(void)
{
    struct buf out = {0};
    options_help(&out);
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

static int print_version(void)
{
    struct buf out = {0};
    buf_adds(&out, "session-rescue " SR_VERSION "\n");
    int status = context_print(&out);
    buf_release(&out);
    return status;
}

/* The command of a client's hook: what the client says is read once, outside the guard. */
static int export_if_context(const struct options *options)
{
    struct options told = *options;
    struct arena arena = {0};
    struct hook hook;
    if (options->which_count == 0 && hook_read(STDIN_FILENO, &arena, &hook) == 0)
        told.hook = &hook;
    int status = context_run(&told, command_export_if_context);
    arena_release(&arena);
    return status;
}

/* Returns: the exit status. */
static int run(const struct options *options)
{
    static command_run *const commands[] = {
        [MODE_STATUS] = command_status,     [MODE_RESUME] = command_resume,
        [MODE_EXPORT] = command_export,     [MODE_VERIFY] = command_verify,
        [MODE_RESTORE] = command_restore,   [MODE_KILL] = command_kill,
        [MODE_REVIVE] = command_revive,     [MODE_CHECK] = command_check,
        [MODE_COMPLETE] = command_complete, [MODE_SEARCH] = command_search,
        [MODE_REPAIR] = command_repair,     [MODE_CONTEXT] = command_conversation,
    };
    switch (options->mode) {
    case MODE_HELP:
        return print_help();
    case MODE_VERSION:
        return print_version();
    case MODE_NONE:
        return context_run(options, has_person(options) ? command_rescue : command_status);
    case MODE_WATCH:
        return watch_run(options);
    case MODE_EXPORT:
        if (options->if_context >= 0)
            return export_if_context(options);
        return context_run(options, command_export);
    default:
        return context_run(options, commands[options->mode]);
    }
}

/* Of root's rights, those that a mode has a use for when sudo runs it: a verdict looks into what a
 * process waits for. */
static unsigned rights_of(enum mode mode)
{
    switch (mode) {
    case MODE_STATUS:
    case MODE_EXPORT:
    case MODE_WATCH:
        return PRIVILEGE_TRACE;
    case MODE_KILL: /* types fg where the session is stopped behind its shell */
        return PRIVILEGE_TRACE | PRIVILEGE_TYPE;
    case MODE_NONE: /* its menu revives, too */
    case MODE_REVIVE:
        return PRIVILEGE_TRACE | PRIVILEGE_NETWORK | PRIVILEGE_TYPE;
    default:
        return 0;
    }
}

/*
 * Who starts us may have closed one of the three: the next file that is opened, a backup say, would
 * take its number, and what is printed would go into it; what tmux starts would have a pipe there
 * that its exec closes. Each is held open so that its use fails as before: /dev/null the wrong way
 * round.
 */
static bool hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct options options;
    struct sr_error error;
    if (!hold_standard_streams())
        return EXIT_FAILED;
    signal(SIGXFSZ, SIG_IGN); /* a limit on sizes is met as a full disk is: by an error */
    console_begin(false);
    if (options_parse(argc, argv, &options, &error) < 0) {
        context_complain(error.text);
        fputs("Try 'session-rescue --help'.\n", stderr);
        return EXIT_USAGE;
    }
    console_end();
    console_begin(options.json);
    int r = invoker_become(rights_of(options.mode), options.quiet, &error);
    if (r < 0)
        context_complain(error.text);
    int status = r == 0 ? run(&options) : r == -EPERM ? EXIT_REFUSED : EXIT_FAILED;
    options_release(&options);
    console_end();
    return status;
}
