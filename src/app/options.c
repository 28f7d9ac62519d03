#include "app/options.h"

#include "agent/agent.h"
#include "base/err.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_STATUS = 256,
    OPT_RESUME,
    OPT_JSON,
    OPT_ALL,
    OPT_TIMEOUT,
    OPT_CONFIG_DIR,
    OPT_AGENT,
    OPT_NO_COLOR,
};

static const struct option long_options[] = {
    {"status", no_argument, NULL, OPT_STATUS},
    {"resume", no_argument, NULL, OPT_RESUME},
    {"json", no_argument, NULL, OPT_JSON},
    {"all", no_argument, NULL, OPT_ALL},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"config-dir", required_argument, NULL, OPT_CONFIG_DIR},
    {"agent", required_argument, NULL, OPT_AGENT},
    {"no-color", no_argument, NULL, OPT_NO_COLOR},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

const char *options_help(void)
{
    return "Usage: session-rescue [MODE] [OPTION...]\n"
           "Find the terminal sessions of Claude Code, say how each is doing, and how to resume "
           "it.\n"
           "\n"
           "Modes (at most one; none: --status)\n"
           "  --status             every session found, with a verdict; changes nothing\n"
           "  --resume [WHICH...]  sessions that can be resumed, each with the exact command\n"
           "\n"
           "WHICH is a terminal (pts/4, s013), a pid, or a session id or its unique prefix of 8\n"
           "characters or more.\n"
           "\n"
           "Options\n"
           "  --timeout MIN        silence after which a busy session may be called hung (10)\n"
           "  --json               one JSON document on standard output\n"
           "  --all                --resume: all of them, not only the newest\n"
           "  --config-dir DIR     look only at sessions of this config directory (repeatable)\n"
           "  --agent KIND         only this agent's: claude\n"
           "  -q, --quiet          no hints, only results and errors\n"
           "  -v, --verbose        all the evidence\n"
           "  --no-color           no colours; so does a set NO_COLOR\n"
           "  -h, --help           this text\n"
           "  -V, --version        the version\n"
           "\n"
           "Exit status: 0 nothing needs attention, 1 something does, 2 usage, 3 could not be "
           "done,\n"
           "4 refused.\n";
}

static int set_mode(struct options *o, enum mode mode, struct sr_error *error)
{
    if (o->mode != MODE_NONE && o->mode != mode)
        return err_set(error, -EINVAL, "at most one mode can be given");
    o->mode = mode;
    return 0;
}

static int set_timeout(struct options *o, const char *text, struct sr_error *error)
{
    char *end;
    double minutes = strtod(text, &end);
    if (end == text || *end || !isfinite(minutes) || minutes < 0 || minutes > 1e6)
        return err_set(error, -EINVAL, "--timeout takes a number of minutes, not '%s'", text);
    o->timeout_minutes = minutes;
    return 0;
}

static int set_agent(struct options *o, const char *name, struct sr_error *error)
{
    if (!agent_by_name(name))
        return err_set(error, -EINVAL, "--agent: '%s' is not known; there is: claude", name);
    o->agent = name;
    return 0;
}

static int set(struct options *o, int option, const char *argument, struct sr_error *error)
{
    switch (option) {
    case OPT_STATUS:
        return set_mode(o, MODE_STATUS, error);
    case OPT_RESUME:
        return set_mode(o, MODE_RESUME, error);
    case 'h':
        o->mode = MODE_HELP;
        return 0;
    case 'V':
        o->mode = MODE_VERSION;
        return 0;
    case OPT_TIMEOUT:
        return set_timeout(o, argument, error);
    case OPT_AGENT:
        return set_agent(o, argument, error);
    case OPT_CONFIG_DIR:
        if (!*argument)
            return err_set(error, -EINVAL, "--config-dir takes a directory, not an empty word");
        o->config_dirs[o->config_dir_count++] = argument;
        return 0;
    case OPT_JSON:
        o->json = true;
        return 0;
    case OPT_ALL:
        o->all = true;
        return 0;
    case OPT_NO_COLOR:
        o->no_color = true;
        return 0;
    case 'q':
        o->quiet = true;
        return 0;
    case 'v':
        o->verbose = true;
        return 0;
    default:
        return -EINVAL;
    }
}

/* getopt stays silent, so that all errors look alike; what it tripped over is said here. */
static int complain(char **argv, int code, struct sr_error *error)
{
    const char *word = argv[optind - 1];
    if (code == ':')
        return err_set(error, -EINVAL, "%s takes a value", word);
    if (optopt > 0 && optopt < 256)
        return err_set(error, -EINVAL, "unknown option -%c", optopt);
    return err_set(error, -EINVAL, "%s '%s'",
                   optopt ? "no value can be given with" : "unknown or ambiguous option", word);
}

int options_parse(int argc, char **argv, struct options *out, struct sr_error *error)
{
    struct options o = {.timeout_minutes = 10};
    o.config_dirs = mem_resize(NULL, (size_t)argc * sizeof *o.config_dirs);
    int r = 0;
    opterr = 0;
    optind = 0;
    for (int c; r == 0 && (c = getopt_long(argc, argv, ":qvhV", long_options, NULL)) != -1;)
        r = c == '?' || c == ':' ? complain(argv, c, error) : set(&o, c, optarg, error);
    o.which = (const char *const *)argv + optind;
    o.which_count = (size_t)(argc - optind);
    if (r == 0 && o.mode == MODE_NONE)
        o.mode = MODE_STATUS;
    if (r == 0 && o.mode == MODE_STATUS && o.which_count)
        r = err_set(error, -EINVAL, "--status takes no argument ('%s')", o.which[0]);
    if (r == 0 && o.all && o.mode != MODE_RESUME)
        r = err_set(error, -EINVAL, "--all goes with --resume");
    if (r < 0) {
        options_release(&o);
        return r;
    }
    *out = o;
    return 0;
}

void options_release(struct options *o)
{
    free(o->config_dirs);
    o->config_dirs = NULL;
}
