/* --help and --version: what the tables of commands and options say. */
#include "app/commands/commands.h"

static int print(void fill(struct buf *))
{
    struct buf out = {0};
    fill(&out);
    return context_print(&out);
}

static int help(const struct options *options)
{
    (void)options;
    return print(options_help);
}

static void add_version(struct buf *out)
{
    buf_adds(out, "session-rescue " SR_VERSION "\n");
}

static int version(const struct options *options)
{
    (void)options;
    return print(add_version);
}

const struct command command_help = {
    .name = "help",
    .letter = 'h',
    ANY_NUMBER,
    .help = "this text",
    .start = help,
    .is_of_the_program = true,
};

const struct command command_version = {
    .name = "version",
    .letter = 'V',
    ANY_NUMBER,
    .help = "the version",
    .start = version,
    .is_of_the_program = true,
};
