#include "app/options.h"

#include "agents/agent.h"
#include "app/commands/commands.h"
#include "base/err.h"
#include "conversation/loader/client_version.h"
#include "repair/damage.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an option's value is, and in which member of struct options it is kept. */
enum option_kind {
    OPTION_FLAG,    /* bool */
    OPTION_FOLDER,  /* const char *, not empty */
    OPTION_NUMBER,  /* double, in the range */
    OPTION_TOKENS,  /* int64_t */
    OPTION_VERSION, /* int64_t: client_version */
    OPTION_COMMAND, /* const char *, not empty */
    OPTION_WORD,    /* const char *, one of the words of what */
    OPTION_TIME,    /* int64_t: milliseconds since 1970 */
    OPTION_AGENT,
    OPTION_CONFIG_DIR,
    OPTION_GIVEN_UP, /* const char *, the beginning of an id; may be left out: "" */
};

struct option_row {
    const char *name;
    char letter;          /* 0: no short form; none for what changes the world */
    const char *argument; /* as the help shows it; NULL: none */
    enum option_kind kind;
    size_t member;
    const char *what; /* OPTION_NUMBER: "0.1 to 3600 seconds": it begins with the least, if not 0;
                         OPTION_WORD: the words, a blank between them */
    double at_most;
    const char *help;
};

#define FLAG(member) NULL, OPTION_FLAG, offsetof(struct options, member)
#define FOLDER(member) "DIR", OPTION_FOLDER, offsetof(struct options, member)
#define NUMBER(argument, member) argument, OPTION_NUMBER, offsetof(struct options, member)

static const struct option_row rows[] = {
    {"timeout", 0, NUMBER("MIN", timeout_minutes), "a number of minutes", 1e6,
     "silence after which a busy session may be called hung (10)"},
    {"format", 0, "KIND", OPTION_WORD, offsetof(struct options, format), "md html json cusf", 0,
     "--context: md, html, json or cusf (md)"},
    {"since", 0, "TIME", OPTION_TIME, offsetof(struct options, since_ms), NULL, 0,
     "--context: what was said since then: 2026-02-05, with or\nwithout T10:11, or 90m, 2h, 3d "
     "ago"},
    {"last", 0, NUMBER("N", last), "1 to 1000000 messages", 1e6,
     "--context: the last N messages alone"},
    {"json", 0, FLAG(json), NULL, 0, "one JSON document on standard output"},
    {"list", 0, FLAG(list), NULL, 0, "--export: the sessions alone that it would back up"},
    {"all", 0, FLAG(all), NULL, 0,
     "--resume, --search: all of them, not only the newest; --export:\n"
     "also those without a process; --context: also its subagents"},
    {"dry-run", 0, FLAG(dry_run), NULL, 0, "say what would be done, and change nothing"},
    {"force", 0, FLAG(force), NULL, 0,
     "do not ask; --kill, --revive: also SIGKILL if SIGTERM is\nignored"},
    {"grace", 0, NUMBER("SEC", grace_s), "0 to 3600 seconds", 3600,
     "--kill, --revive: wait between SIGTERM and SIGKILL (10)"},
    {"without-backup", 0, "[=FIRST8]", OPTION_GIVEN_UP, offsetof(struct options, without_backup),
     NULL, 0,
     "--kill, --revive: even if what was said is in no file, or in\none that cannot be read; takes "
     "the first 8 characters of\n"
     "the session's id"},
    {"escape", 0, FLAG(escape), NULL, 0, "--revive: press Escape instead, to get the prompt back"},
    {"if-context", 0, NUMBER("PERCENT", if_context), "0 to 100 percent", 100,
     "--export: only those whose context window is that full"},
    {"context-window", 0, "N", OPTION_TOKENS, offsetof(struct options, context_window), NULL, 0,
     "tokens that the context window holds (by the model's name)"},
    {"client-version", 0, "VERSION", OPTION_VERSION, offsetof(struct options, client_version), NULL,
     0,
     "--check, --repair, --context: the version of the client that\nwill resume it (the newest "
     "that wrote in it)"},
    {"on-event", 0, "CMD", OPTION_COMMAND, offsetof(struct options, on_event), NULL, 0,
     "--watch: run CMD for each event, which it reads as JSON"},
    {"notify", 0, "HOW", OPTION_WORD, offsetof(struct options, notify), "auto desktop bell none", 0,
     "--watch: auto, desktop, bell or none (auto)"},
    {"interval", 0, NUMBER("SEC", interval_s), "0.1 to 3600 seconds", 3600,
     "--watch: pause between two looks while something moves (20)"},
    {"event-timeout", 0, NUMBER("SEC", event_timeout_s), "0 to 3600 seconds", 3600,
     "--watch: how long CMD may take (30)"},
    {"pending-dir", 0, FOLDER(pending_dir), NULL, 0, "where backups are kept"},
    {"log-dir", 0, FOLDER(log_dir), NULL, 0, "where the session log is kept"},
    {"index-dir", 0, FOLDER(index_dir), NULL, 0, "where the index of --search is kept"},
    {"cwd", 0, FOLDER(cwd), NULL, 0, "--restore: the session's directory is DIR now"},
    {"new-id", 0, FLAG(new_id), NULL, 0, "--restore: under a new session id"},
    {"with-salvage", 0, FLAG(with_salvage), NULL, 0,
     "--restore: append the partial reply saved from memory"},
    {"from-memory", 0, FLAG(from_memory), NULL, 0,
     "--export: also the conversation that its client has in memory,\nas a session of its own"},
    {"as-copy", 0, FLAG(as_copy), NULL, 0, "--repair: into a new session beside the original"},
    {"shrink", 0, FLAG(shrink), NULL, 0, "--repair: also trim what the API never sees"},
    {"fit", 0, FLAG(fit), NULL, 0,
     "--repair: also cut tool results, images and thinking, the\noldest first, until it can be "
     "sent again"},
    {"config-dir", 0, "DIR", OPTION_CONFIG_DIR, 0, NULL, 0,
     "look only at sessions of this config directory (repeatable)"},
    {"agent", 0, "KIND", OPTION_AGENT, 0, NULL, 0,
     "only sessions of this agent, or of these (repeatable; a\ncomma between them), or all"},
    {"quiet", 'q', FLAG(quiet), NULL, 0, "no hints, only results and errors"},
    {"verbose", 'v', FLAG(verbose), NULL, 0, "show all the evidence"},
    {"no-color", 0, FLAG(no_color), NULL, 0, "no colours, as with NO_COLOR set"},
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* "--a", "--a and --b", "--a, --b and --c": the modes that an option goes with. */
static void add_modes(struct buf *out, const char *option)
{
    const char *takers[COMMANDS];
    size_t n = 0;
    for (size_t i = 0; i < COMMANDS; i++)
        if (command_takes(commands[i], option))
            takers[n++] = commands[i]->name;
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%s--%s", !i ? "" : i + 1 < n ? ", " : " and ", takers[i]);
}

/* "  -q, --quiet          no hints", further lines of text below the first; all of them below a
 * name that is too long. */
static void add_help_line(struct buf *out, char letter, const char *name, const char *argument,
                          const char *text)
{
    enum { TEXT_COLUMN = 23 };
    size_t start = out->n;
    if (letter)
        buf_addf(out, "  -%c,", letter);
    buf_addf(out, "%s--%s", letter ? " " : "  ", name);
    if (argument)
        buf_addf(out, "%s%s", str_starts_with(argument, "[=") ? "" : " ", argument);
    if (out->n - start >= TEXT_COLUMN) {
        buf_adds(out, "\n");
        start = out->n;
    }
    for (struct sv rest = sv_of(text), line; rest.n;) {
        sv_cut_line(&rest, &line);
        buf_fill(out, ' ', TEXT_COLUMN - (out->n - start));
        buf_add(out, line.p, line.n);
        buf_adds(out, "\n");
        start = out->n;
    }
}

static void add_agents(struct buf *out)
{
    for (size_t i = 0; agents[i]; i++)
        buf_addf(out, "%s%s", i ? ", " : "", agents[i]->name);
}

static void add_agent_line(struct buf *out, const struct option_row *row)
{
    BUF_RELEASE struct buf help = {0};
    buf_addf(&help, "%s:\n", row->help);
    add_agents(&help);
    add_help_line(out, row->letter, row->name, row->argument, help.p);
}

void options_help(struct buf *out)
{
    buf_adds(
        out,
        "Usage: session-rescue [MODE] [OPTION...]\n"
        "Find the terminal sessions of coding agents, say how each is doing, and how to resume\n"
        "it.\n"
        "\n"
        "Modes (at most one; none: the interactive rescue on a terminal, else --status)\n");
    for (size_t i = 0; i < COMMANDS; i++)
        add_help_line(out, commands[i]->letter, commands[i]->name, commands[i]->words,
                      commands[i]->help);
    buf_adds(out,
             "\n"
             "WHICH is a terminal (pts/4, s013), a pid, a session id or its unique prefix of 8\n"
             "characters or more. If it lies in several folders the newest is meant;\n");
    buf_addf(out, "%s/FOLDER/ID", agents[0]->stored->top);
    buf_adds(out, " or the path of its transcript chooses one.\n"
                  "\n"
                  "Options\n");
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].kind == OPTION_AGENT)
            add_agent_line(out, &rows[i]);
        else
            add_help_line(out, rows[i].letter, rows[i].name, rows[i].argument, rows[i].help);
    buf_adds(out, "\n"
                  "Exit status: 0 nothing needs attention, 1 something does, 2 usage, 3 could not "
                  "be done,\n"
                  "4 refused.\n");
}

static int set_command_of(struct options *o, const struct command *command, struct sr_error *error)
{
    if (o->command != &command_none && o->command != command && !command->is_of_the_program)
        return err_set(error, -EINVAL, "at most one mode can be given");
    o->command = command;
    return 0;
}

static int set_number(double *member, const struct option_row *row, const char *text,
                      struct sr_error *error)
{
    char *end;
    double x = strtod(text, &end);
    if (end == text || *end || !isfinite(x) || x < strtod(row->what, NULL) || x > row->at_most)
        return err_set(error, -EINVAL, "--%s takes %s, not '%s'", row->name, row->what, text);
    *member = x;
    return 0;
}

int options_tokens(const char *name, const char *text, int64_t *tokens, struct sr_error *error)
{
    enum { LEAST = 1000, MOST = 100000000 };
    int64_t n;
    if (!sv_to_i64(sv_of(text), &n) || n < LEAST || n > MOST)
        return err_set(error, -EINVAL, "%s takes %d to %d tokens, not '%s'", name, LEAST, MOST,
                       text);
    *tokens = n;
    return 0;
}

static int set_folder(const char **member, const struct option_row *row, const char *text,
                      struct sr_error *error)
{
    if (!*text)
        return err_set(error, -EINVAL, "--%s takes a directory, not an empty word", row->name);
    *member = text;
    return 0;
}

static int set_command(const char **member, const struct option_row *row, const char *text,
                       struct sr_error *error)
{
    if (!*text)
        return err_set(error, -EINVAL, "--%s takes a command, not an empty word", row->name);
    *member = text;
    return 0;
}

/* No abbreviation and no wildcard: what is lost for good is named. */
static int set_given_up(const char **member, const char *text, struct sr_error *error)
{
    enum { LENGTH = 8 };
    if (text && strlen(text) != LENGTH)
        return err_set(error, -EINVAL,
                       "--without-backup takes the first %d characters of the session's id, not "
                       "'%s'",
                       LENGTH, text);
    *member = text ? text : "";
    return 0;
}

static int set_word(const char **member, const struct option_row *row, const char *text,
                    struct sr_error *error)
{
    BUF_RELEASE struct buf list = {0};
    if (str_in(text, row->what)) {
        *member = text;
        return 0;
    }
    for (const char *word = row->what, *end; *word; word = *end ? end + 1 : end) {
        end = word + strcspn(word, " ");
        buf_addf(&list, "%s%.*s", !list.n ? "" : *end ? ", " : " or ", (int)(end - word), word);
    }
    return err_set(error, -EINVAL, "--%s takes %s, not '%s'", row->name, list.p, text);
}

/* "90m", "2h", "3d": so long ago. Returns: false for anything else. */
static bool read_ago(const char *text, int64_t *ms)
{
    static const struct {
        char unit;
        double ms;
    } units[] = {
        {'s', 1e3}, {'m', 60e3}, {'h', 3600e3}, {'d', 24 * 3600e3}, {'w', 7 * 24 * 3600e3}};
    char *end;
    double n = strtod(text, &end);
    if (end == text || !isfinite(n) || n < 0 || !*end || end[1])
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (*end == units[i].unit && n * units[i].ms < (double)wall_now().ms) {
            *ms = wall_now().ms - (int64_t)(n * units[i].ms);
            return true;
        }
    return false;
}

static int set_time(int64_t *member, const struct option_row *row, const char *text,
                    struct sr_error *error)
{
    struct wall at;
    char whole[40];
    const char *rest = strlen(text) == 10 ? "T00:00:00" : strlen(text) == 16 ? ":00" : "";
    if (read_ago(text, member))
        return 0;
    if (strlen(text) < 32 && snprintf(whole, sizeof whole, "%s%s", text, rest) > 0 &&
        wall_parse(sv_of(whole), &at)) {
        *member = at.ms;
        return 0;
    }
    return err_set(error, -EINVAL,
                   "--%s takes a time such as 2026-02-05, 2026-02-05T10:11 or 2h (ago), not '%s'",
                   row->name, text);
}

static int set_version(int64_t *member, const struct option_row *row, const char *text,
                       struct sr_error *error)
{
    int64_t version = client_version(sv_of(text));
    if (!version)
        return err_set(error, -EINVAL, "--%s takes a version such as 2.1.197, not '%s'", row->name,
                       text);
    *member = version;
    return 0;
}

/* "claude", "claude,codex", "all"; once more adds to those before. */
static int set_agents(struct options *o, const char *words, struct sr_error *error)
{
    for (const char *word = words, *end; word; word = *end ? end + 1 : NULL) {
        ARENA_RELEASE struct arena a = {0};
        end = word + strcspn(word, ",");
        const char *name = arena_strndup(&a, word, (size_t)(end - word));
        bool is_all = str_equals(name, "all");
        if (!is_all && !agent_by_name(name)) {
            BUF_RELEASE struct buf known = {0};
            add_agents(&known);
            return err_set(error, -EINVAL, "--agent: '%s' is not known; there is: %s, or all", name,
                           known.p);
        }
        for (size_t i = 0; agents[i]; i++)
            if ((is_all || str_equals(agents[i]->name, name)) &&
                !str_in(agents[i]->name, o->agent_names.p ? o->agent_names.p : ""))
                buf_addf(&o->agent_names, "%s%s", o->agent_names.n ? " " : "", agents[i]->name);
        o->means_all_agents |= is_all;
    }
    o->agent = o->means_all_agents ? NULL : o->agent_names.p;
    return 0;
}

static int set_option(struct options *o, const struct option_row *row, const char *text,
                      struct sr_error *error)
{
    void *member = (char *)o + row->member;
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)member = true;
        return 0;
    case OPTION_FOLDER:
        return set_folder(member, row, text, error);
    case OPTION_NUMBER:
        return set_number(member, row, text, error);
    case OPTION_TOKENS:
        return options_tokens("--context-window", text, member, error);
    case OPTION_VERSION:
        return set_version(member, row, text, error);
    case OPTION_COMMAND:
        return set_command(member, row, text, error);
    case OPTION_WORD:
        return set_word(member, row, text, error);
    case OPTION_TIME:
        return set_time(member, row, text, error);
    case OPTION_GIVEN_UP:
        return set_given_up(member, text, error);
    case OPTION_AGENT:
        return set_agents(o, text, error);
    case OPTION_CONFIG_DIR:
        return set_folder(&o->config_dirs[o->config_dir_count++], row, text, error);
    }
    return -EINVAL;
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

/* What getopt_long is told, and the value by which it names a row. */
enum { FIRST_COMMAND = 256, FIRST_ROW = FIRST_COMMAND + COMMANDS };

struct getopt_tables {
    struct option names[COMMANDS + ROW_COUNT + 1];
    char letters[COMMANDS + ROW_COUNT + 2];
};

static void fill_tables(struct getopt_tables *t)
{
    size_t n = 0;
    *t = (struct getopt_tables){.letters = ":"};
    for (int i = 0; i < (int)COMMANDS; i++) {
        t->names[i] = (struct option){commands[i]->name, no_argument, NULL, FIRST_COMMAND + i};
        if (commands[i]->letter)
            t->letters[++n] = commands[i]->letter;
    }
    for (int i = 0; i < (int)ROW_COUNT; i++) {
        t->names[COMMANDS + i] = (struct option){rows[i].name,
                                                 rows[i].kind == OPTION_GIVEN_UP ? optional_argument
                                                 : rows[i].argument              ? required_argument
                                                                                 : no_argument,
                                                 NULL, FIRST_ROW + i};
        if (rows[i].letter)
            t->letters[++n] = rows[i].letter;
    }
}

/* The long form's value of a letter. */
static int value_of(int c)
{
    for (int i = 0; i < (int)COMMANDS; i++)
        if (c == commands[i]->letter)
            return FIRST_COMMAND + i;
    for (int i = 0; i < (int)ROW_COUNT; i++)
        if (c == rows[i].letter)
            return FIRST_ROW + i;
    return c;
}

/* given: one bit for each row that was named. */
static int parse_words(int argc, char **argv, struct options *o, uint64_t *given,
                       struct sr_error *error)
{
    struct getopt_tables tables;
    fill_tables(&tables);
    opterr = 0;
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1;) {
        int r;
        if (c == '?' || c == ':')
            r = complain(argv, c, error);
        else if ((c = value_of(c)) < FIRST_ROW)
            r = set_command_of(o, commands[c - FIRST_COMMAND], error);
        else
            r = set_option(o, &rows[c - FIRST_ROW], optarg, error);
        if (r < 0)
            return r;
        if (c >= FIRST_ROW)
            *given |= UINT64_C(1) << (c - FIRST_ROW);
    }
    o->which = (const char *const *)argv + optind;
    o->which_count = (size_t)(argc - optind);
    return 0;
}

static int check_words(const struct options *o, struct sr_error *error)
{
    const struct command *c = o->command;
    if (!c->name)
        return o->which_count ? err_set(error, -EINVAL, "no mode was given for '%s'", o->which[0])
                              : 0;
    if (o->which_count > c->at_most)
        return err_set(error, -EINVAL, "--%s takes %s ('%s')", c->name, c->takes,
                       o->which[c->at_most]);
    if (o->which_count < c->at_least)
        return err_set(error, -EINVAL, "--%s takes %s", c->name, c->takes);
    return 0;
}

/* What was said must go together. */
static int check(const struct options *o, uint64_t given, struct sr_error *error)
{
    static_assert(ROW_COUNT <= 64, "a bit for each row");
    if (o->command->is_of_the_program)
        return 0;
    int r = check_words(o, error);
    for (size_t i = 0; r == 0 && i < ROW_COUNT; i++) {
        if (!(given >> i & 1) || command_takes(o->command, rows[i].name))
            continue;
        BUF_RELEASE struct buf with = {0};
        add_modes(&with, rows[i].name);
        r = err_set(error, -EINVAL, "--%s goes with %s", rows[i].name, with.p);
    }
    return r < 0 || !o->command->check ? r : o->command->check(o, error);
}

bool options_shape(size_t i, struct option_shape *out)
{
    if (i < COMMANDS) {
        const struct command *c = commands[i];
        *out = (struct option_shape){.name = c->name,
                                     .letter = c->letter,
                                     .argument = c->words,
                                     .help = c->help,
                                     .command = c,
                                     .words_at_most = c->words ? c->at_most : 0};
        return true;
    }
    if (i >= COMMANDS + ROW_COUNT)
        return false;
    const struct option_row *row = &rows[i - COMMANDS];
    *out = (struct option_shape){.name = row->name,
                                 .letter = row->letter,
                                 /* the next word is never this one's value */
                                 .argument = row->kind == OPTION_GIVEN_UP ? NULL : row->argument,
                                 .help = row->help,
                                 .may_come_again =
                                     row->kind == OPTION_CONFIG_DIR || row->kind == OPTION_AGENT};
    return true;
}

/*
 * session-rescue --complete WORD...: the words of a line that is being typed, without the
 * program's name. Of those before the last what can be understood counts, whatever is wrong.
 */
static void parse_unfinished(int argc, char **argv, struct options *o)
{
    enum { FIRST_WORD = 2 };
    uint64_t given = 0;
    o->typed_count = (size_t)(argc - FIRST_WORD);
    o->typed = mem_resize(NULL, (o->typed_count + 1) * sizeof *o->typed);
    for (size_t i = 0; i < o->typed_count; i++)
        o->typed[i] = argv[FIRST_WORD + i];
    if (o->typed_count)
        parse_words(argc - FIRST_WORD, argv + 1, o, &given, NULL);
    o->command = &command_complete;
}

int options_parse(int argc, char **argv, struct options *out, struct sr_error *error)
{
    struct options o = {
        .command = &command_none,
        .timeout_minutes = 10,
        .grace_s = 10,
        .if_context = -1,
        .interval_s = 20,
        .event_timeout_s = 30,
    };
    o.config_dirs = mem_resize(NULL, (size_t)argc * sizeof *o.config_dirs);
    uint64_t given = 0;
    if (argc > 1 && str_equals(argv[1], "--complete")) {
        parse_unfinished(argc, argv, &o);
        *out = o;
        return 0;
    }
    int r = parse_words(argc, argv, &o, &given, error);
    if (r == 0)
        r = check(&o, given, error);
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
    free(o->typed);
    buf_release(&o->agent_names);
    o->config_dirs = NULL;
    o->typed = NULL;
}
