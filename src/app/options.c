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
    OPT_EXPORT,
    OPT_VERIFY,
    OPT_RESTORE,
    OPT_KILL,
    OPT_GRACE,
    OPT_PENDING_DIR,
    OPT_LOG_DIR,
    OPT_DRY_RUN,
    OPT_FORCE,
    OPT_CWD,
    OPT_NEW_ID,
    OPT_JSON,
    OPT_ALL,
    OPT_TIMEOUT,
    OPT_CONFIG_DIR,
    OPT_AGENT,
    OPT_NO_COLOR,
};

enum { GRACE_MS = 10000 };

static const struct option long_options[] = {
    {"status", no_argument, NULL, OPT_STATUS},
    {"resume", no_argument, NULL, OPT_RESUME},
    {"export", no_argument, NULL, OPT_EXPORT},
    {"verify", no_argument, NULL, OPT_VERIFY},
    {"restore", no_argument, NULL, OPT_RESTORE},
    {"kill", no_argument, NULL, OPT_KILL},
    {"grace", required_argument, NULL, OPT_GRACE},
    {"pending-dir", required_argument, NULL, OPT_PENDING_DIR},
    {"log-dir", required_argument, NULL, OPT_LOG_DIR},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"force", no_argument, NULL, OPT_FORCE},
    {"cwd", required_argument, NULL, OPT_CWD},
    {"new-id", no_argument, NULL, OPT_NEW_ID},
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
           "Modes (at most one; none: the interactive rescue on a terminal, else --status)\n"
           "  --status             every session found, with a verdict; changes nothing\n"
           "  --resume [WHICH...]  sessions that can be resumed, each with the exact command\n"
           "  --export [WHICH...]  lossless, verified copy of each session (none named: all "
           "active)\n"
           "  --verify [BACKUP...] read backups again, and compare them with their manifests\n"
           "  --restore BACKUP     put a backup back where it can be resumed; replaces nothing\n"
           "  --kill WHICH         back up and verify, then end the session; asks first\n"
           "\n"
           "WHICH is a terminal (pts/4, s013), a pid, or a session id or its unique prefix of 8\n"
           "characters or more.\n"
           "\n"
           "Options\n"
           "  --timeout MIN        silence after which a busy session may be called hung (10)\n"
           "  --json               one JSON document on standard output\n"
           "  --all                --resume: all of them, not only the newest; --export: also "
           "those\n"
           "                       without a process\n"
           "  --dry-run            --export, --restore, --kill: say what would be done, and "
           "change\n"
           "                       nothing\n"
           "  --force              do not ask; --kill: also SIGKILL where SIGTERM is ignored\n"
           "  --grace SEC          --kill: wait between SIGTERM and SIGKILL (10)\n"
           "  --pending-dir DIR    where backups are kept\n"
           "  --log-dir DIR        where the session log is kept\n"
           "  --cwd DIR            --restore: the session's directory is DIR now\n"
           "  --new-id             --restore: under a new session id\n"
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

static int set_grace(struct options *o, const char *text, struct sr_error *error)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds) || seconds < 0 || seconds > 3600)
        return err_set(error, -EINVAL, "--grace takes 0 to 3600 seconds, not '%s'", text);
    o->grace_ms = (int64_t)(seconds * 1000);
    return 0;
}

static int set_agent(struct options *o, const char *name, struct sr_error *error)
{
    if (!agent_by_name(name))
        return err_set(error, -EINVAL, "--agent: '%s' is not known; there is: claude", name);
    o->agent = name;
    return 0;
}

static int set_folder(const char **folder, const char *option, const char *argument,
                      struct sr_error *error)
{
    if (!*argument)
        return err_set(error, -EINVAL, "%s takes a directory, not an empty word", option);
    *folder = argument;
    return 0;
}

static int set(struct options *o, int option, const char *argument, struct sr_error *error)
{
    switch (option) {
    case OPT_STATUS:
        return set_mode(o, MODE_STATUS, error);
    case OPT_RESUME:
        return set_mode(o, MODE_RESUME, error);
    case OPT_KILL:
        return set_mode(o, MODE_KILL, error);
    case OPT_GRACE:
        return set_grace(o, argument, error);
    case OPT_EXPORT:
        return set_mode(o, MODE_EXPORT, error);
    case OPT_VERIFY:
        return set_mode(o, MODE_VERIFY, error);
    case OPT_RESTORE:
        return set_mode(o, MODE_RESTORE, error);
    case OPT_PENDING_DIR:
        return set_folder(&o->pending_dir, "--pending-dir", argument, error);
    case OPT_LOG_DIR:
        return set_folder(&o->log_dir, "--log-dir", argument, error);
    case OPT_CWD:
        return set_folder(&o->cwd, "--cwd", argument, error);
    case OPT_DRY_RUN:
        o->dry_run = true;
        return 0;
    case OPT_FORCE:
        o->force = true;
        return 0;
    case OPT_NEW_ID:
        o->new_id = true;
        return 0;
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
        return set_folder(&o->config_dirs[o->config_dir_count++], "--config-dir", argument, error);
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

/* What was said must go together. */
static int check(const struct options *o, struct sr_error *error)
{
    bool has_dry_run = o->mode == MODE_EXPORT || o->mode == MODE_RESTORE || o->mode == MODE_KILL;
    if (o->mode == MODE_STATUS && o->which_count)
        return err_set(error, -EINVAL, "--status takes no argument ('%s')", o->which[0]);
    if (o->mode == MODE_NONE && o->which_count)
        return err_set(error, -EINVAL, "no mode was given for '%s'", o->which[0]);
    if (o->mode == MODE_KILL && o->which_count != 1)
        return err_set(error, -EINVAL,
                       "--kill takes one session: a terminal, a pid, or the beginning of its id");
    if (o->grace_ms != GRACE_MS && o->mode != MODE_KILL && o->mode != MODE_NONE)
        return err_set(error, -EINVAL, "--grace goes with --kill");
    if (o->mode == MODE_RESTORE && o->which_count != 1)
        return err_set(error, -EINVAL, "--restore takes one backup");
    if (o->mode == MODE_RESTORE && o->config_dir_count > 1)
        return err_set(error, -EINVAL, "--restore takes one --config-dir");
    if (o->all && o->mode != MODE_RESUME && o->mode != MODE_EXPORT)
        return err_set(error, -EINVAL, "--all goes with --resume and --export");
    if (o->all && o->mode == MODE_EXPORT && o->which_count)
        return err_set(error, -EINVAL, "--all and '%s' do not go together", o->which[0]);
    if (o->dry_run && !has_dry_run)
        return err_set(error, -EINVAL, "--dry-run goes with --export, --restore and --kill");
    if ((o->cwd || o->new_id) && o->mode != MODE_RESTORE)
        return err_set(error, -EINVAL, "--cwd and --new-id go with --restore");
    return 0;
}

int options_parse(int argc, char **argv, struct options *out, struct sr_error *error)
{
    struct options o = {.timeout_minutes = 10, .grace_ms = GRACE_MS};
    o.config_dirs = mem_resize(NULL, (size_t)argc * sizeof *o.config_dirs);
    int r = 0;
    opterr = 0;
    optind = 0;
    for (int c; r == 0 && (c = getopt_long(argc, argv, ":qvhV", long_options, NULL)) != -1;)
        r = c == '?' || c == ':' ? complain(argv, c, error) : set(&o, c, optarg, error);
    o.which = (const char *const *)argv + optind;
    o.which_count = (size_t)(argc - optind);
    if (r == 0)
        r = check(&o, error);
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
