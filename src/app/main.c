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
#include "app/invoker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

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

static int run(const struct options *options)
{
    const struct command *c = options->command;
    return c->start ? c->start(options) : context_run(options, c->run);
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
    int r = invoker_become(options.command->rights, options.quiet, &error);
    if (r < 0)
        context_complain(error.text);
    int status = r == 0 ? run(&options) : r == -EPERM ? EXIT_REFUSED : EXIT_FAILED;
    options_release(&options);
    console_end();
    return status;
}
