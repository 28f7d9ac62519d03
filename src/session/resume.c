#include "session/resume.h"

#include "agents/agent.h"
#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_ascii_alone;

void resume_write_ascii(bool alone)
{
    is_ascii_alone = alone;
}

/* Would the text, printed as it is, show itself and do nothing else? */
static bool is_printable(const char *text)
{
    for (const char *p = text; is_ascii_alone && *p; p++)
        if ((unsigned char)*p >= 0x80)
            return false;
    BUF_RELEASE struct buf shown = {0};
    utf8_adds_printable(&shown, text);
    return shown.n == strlen(text);
}

static void add_single_quoted(struct buf *out, const char *text)
{
    buf_adds(out, "'");
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            buf_adds(out, "'\\''");
        else
            buf_add(out, p, 1);
    }
    buf_adds(out, "'");
}

/*
 * Every byte beyond printable ASCII as an octal escape of printf(1):
 * "$(printf '/tmp/a\033b')". A newline at the end would be lost in "$(...)",
 * so what is printed ends in "/." for a path: the same directory or file name
 * is kept by the caller.
 */
static void add_escaped(struct buf *out, const char *text)
{
    buf_adds(out, "\"$(printf '");
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (isalnum(*p) || strchr("/._-+,:@ ", *p))
            buf_add(out, (const char *)p, 1);
        else
            buf_addf(out, "\\%03o", *p);
    }
    buf_adds(out, "')\"");
}

void resume_add_quoted(struct buf *out, const char *text)
{
    bool is_plain = *text != '\0';
    for (const char *p = text; *p; p++)
        is_plain = is_plain && (isalnum((unsigned char)*p) || strchr("/._-+,:@", *p));
    if (is_plain)
        buf_adds(out, text);
    else if (is_printable(text) && !strchr(text, '\\')) /* which fish reads in single quotes, too */
        add_single_quoted(out, text);
    else
        add_escaped(out, text);
}

/* The directory as the argument of cd: it may begin with "-" or end in a newline. */
static void add_directory(struct buf *out, const char *cwd)
{
    bool ends_in_newline = *cwd && cwd[strlen(cwd) - 1] == '\n';
    BUF_RELEASE struct buf path = {0};
    buf_addf(&path, "%s%s", cwd, ends_in_newline ? "/." : "");
    resume_add_quoted(out, path.p);
}

/* As the variable has it. */
static void add_config_dir(struct buf *out, const struct agent *agent, const char *path)
{
    const char *below = agent->home->below_variable;
    ARENA_RELEASE struct arena a = {0};
    if (below && str_ends_with(path, below))
        path = arena_strndup(&a, path, strlen(path) - strlen(below));
    resume_add_quoted(out, path);
}

/* A directory that the variable cannot name. */
static bool is_out_of_reach(const struct agent *agent, const struct sr_session *s)
{
    const char *below = agent->home->below_variable;
    return s->config_dir_use == SR_CONFIG_DIR_SET && below && !str_ends_with(s->config_dir, below);
}

/* The client must look where the session is, whatever the user's shell is set to. */
static void add_environment(struct buf *out, const struct agent *agent, const struct sr_session *s)
{
    switch (s->config_dir_use) {
    case SR_CONFIG_DIR_AS_IS:
        break;
    case SR_CONFIG_DIR_UNSET:
        buf_addf(out, "env -u %s ", agent->home->variable);
        break;
    case SR_CONFIG_DIR_SET:
        buf_addf(out, "%s=", agent->home->variable);
        add_config_dir(out, agent, s->config_dir);
        buf_adds(out, " ");
        break;
    }
}

/* Named by its file, where the client takes that, a session resumes from anywhere (2.1.110 to
 * 2.1.332). */
static bool goes_by_file(const struct sr_session *s)
{
    return !s->cwd || s->cwd_is_gone || s->cwd_is_elsewhere;
}

const char *sr_resume_obstacle(const struct sr_session *s)
{
    if (s->pid)
        return "held";
    if (s->owner_count || s->owners_not_known)
        return "may-be-held";
    if (s->left)
        return "gone";
    if (s->is_unreadable)
        return "unreadable";
    if (s->transcript && s->size_bytes == 0)
        return "empty"; /* the client finds no conversation in it */
    if (s->holds_no_conversation)
        return "no-conversation"; /* nor in this */
    if (!agent_by_name(s->agent) || is_out_of_reach(agent_by_name(s->agent), s) || !s->session_id ||
        (goes_by_file(s) && !s->transcript))
        return "place-not-known";
    return NULL;
}

int resume_add_command(struct buf *out, const struct sr_session *s)
{
    const struct agent *agent = agent_by_name(s->agent);
    if (sr_resume_obstacle(s))
        return s->pid || s->owner_count || s->owners_not_known ? -EBUSY : -ENODATA;
    bool makes_directory = s->cwd && s->cwd_is_gone && agent->commands->needs_directory;
    bool has_directory = s->cwd && (!s->cwd_is_gone || makes_directory);
    bool by_file = goes_by_file(s) && agent->commands->takes_file;
    if (makes_directory) {
        buf_adds(out, "mkdir -p -- ");
        add_directory(out, s->cwd);
        buf_adds(out, " && ");
    }
    if (has_directory) {
        buf_adds(out, "cd ");
        add_directory(out, s->cwd);
        buf_adds(out, " && ");
    }
    add_environment(out, agent, s);
    BUF_RELEASE struct buf file = {0};
    if (by_file)
        resume_add_quoted(&file, s->transcript);
    agent->commands->resume(out, by_file ? file.p : s->session_id);
    return 0;
}

int resume_add_attach(struct buf *out, const struct sr_session *s)
{
    const struct agent *agent = agent_by_name(s->agent);
    if (!agent || !s->job_id || !agent->commands->attach)
        return -ENODATA;
    add_environment(out, agent, s);
    agent->commands->attach(out, s->job_id);
    return 0;
}

static void add_move(struct buf *out, const char *how, const char *from, const char *to)
{
    buf_adds(out, how);
    resume_add_quoted(out, from);
    buf_adds(out, " ");
    resume_add_quoted(out, to);
}

bool resume_is_packed(const struct sr_stray *stray)
{
    static const char *const suffixes[] = {".gz", ".zst", ".xz", ".bz2", ".zip", ".tar", ".tgz"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (str_ends_with(stray->path, suffixes[i]))
            return true;
    return false;
}

int resume_add_move(struct buf *out, const struct sr_stray *stray)
{
    BUF_RELEASE struct buf folder = {0};
    if (!stray->belongs || resume_is_packed(stray))
        return -ENODATA;
    buf_add(&folder, stray->belongs, (size_t)(str_basename(stray->belongs) - stray->belongs));
    if (strcmp(stray->why, "beside-the-folders") == 0) {
        buf_adds(out, "mkdir -p ");
        resume_add_quoted(out, folder.p);
        buf_adds(out, " && ");
    }
    /* "mv -n" says nothing where another file came first; "mv" replaces no folder that holds
     * something, and says so */
    add_move(out, stray->rivals ? "ln " : "mv -n ", stray->path, stray->belongs);
    if (stray->rivals) {
        buf_adds(out, " && rm ");
        resume_add_quoted(out, stray->path);
    }
    if (stray->beside) {
        buf_adds(out, " && ");
        add_move(out, "mv ", stray->beside, folder.p);
    }
    return 0;
}

int sr_resume_command(const struct sr_session *session, char *text, size_t size)
{
    BUF_RELEASE struct buf command = {0};
    int r = resume_add_command(&command, session);
    if (r == 0) {
        r = (int)command.n;
        if (size)
            snprintf(text, size, "%s", command.p);
    }
    return r;
}
