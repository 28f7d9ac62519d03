/*
 * fake-agent [OPTION...] -- PROGRAM [ARGUMENT...]: stands in for a client where
 * the real one cannot be brought.
 *
 * One program, two parts. The launcher makes a terminal, starts PROGRAM on it
 * and is that terminal's other end. PROGRAM is a copy of this file under a
 * client's name, for example .../share/claude/versions/2.1.197, which finds
 * what it is told in $FAKE_AGENT and plays the client: so its command line,
 * ARGUMENT..., is free to be a client's. Once all is in place the launcher
 * prints PROGRAM's pid on standard output and stays.
 *
 * The client's config directory is what the real one would take,
 * $CLAUDE_CONFIG_DIR or $HOME/.claude. What it publishes and writes:
 *
 *   --session ID         (00000000-0000-4000-8000-000000000001)
 *   --cwd DIR            the directory that it is started in
 *   --version V          (2.1.197)
 *   --status S           idle, busy, waiting, shell in sessions/<pid>.json (idle)
 *   --waiting-for TEXT   with --status waiting
 *   --old-registry       as clients before 2.1.197: no status, no procStart
 *   --no-registry        nothing in sessions/
 *   --stale-registry     with the start time of another process
 *   --turn T             over, awaits-reply, tool in its transcript; none: no transcript (over)
 *   --talked             with --turn none: its status says that it has had a turn
 *   --tool NAME          the tool that is open (Bash)
 *   --prompt TEXT        the prompt (hello)
 *   --context TOKENS     what its reply says that the model has seen (not said)
 *   --age SECONDS        how long ago the records say that they were written (0)
 *   --clock SECONDS      its wall clock is so far ahead, or behind: it was set since (0)
 *   --queue-input        a prompt that was typed and not taken up
 *   --write-every MS     then a record each so many milliseconds, for as long as it lives
 *   --ledger FILE        appends there each of these records, once it is in the transcript
 *
 * What it does:
 *
 *   --child COMMAND      runs it as a tool would: a session of its own, no terminal
 *   --hook COMMAND       runs it as a hook: the same, its output read through a pair of sockets;
 *                        writes one more record when nobody has the other end any more; with
 *                        --turn tool it is the open tool's process
 *   --piped              that output comes through a pipe
 *   --server COMMAND     starts it before anything is written, as an MCP server is, with its input
 *                        and output on a pair of sockets
 *   --servers N          so many of them, called the same
 *   --model BYTES        sends 64 kB to a model that answers BYTES and falls silent
 *                        ($ANTHROPIC_BASE_URL says where)
 *   --pooled             after that sends as much on a second connection, on which nothing comes
 *                        and for which it does not wait
 *   --ask-again          asks the model once more when the first connection ends, and is answered
 *   --spinner            wakes up 100 times a second, as a client at work does
 *   --wake MS            or every so many
 *   --spin               computes, and does nothing else
 *   --flood              writes to its terminal, which nobody reads
 *   --ignore-term        SIGTERM does not end it
 *   --last-words TEXT    it writes one more record when SIGTERM ends it
 *   --linger MS          it is still there for so long after SIGTERM, its work done
 *   --raw                sets up its terminal as a client's screen does, and puts it in order when
 *                        SIGTERM ends it
 *
 * How it is started:
 *
 *   --no-terminal        without one, standard input from /dev/null
 *   --lose-terminal      the launcher ends once all is in place; SIGHUP is ignored
 *   --here               on the launcher's own terminal, in its place; prints no pid
 *
 * It ends with its launcher or its terminal, on SIGTERM (and then removes its
 * registry file, as the real one does), and in any case after 300 s. Not here:
 * folder names of more than 200 characters, which clients cut and hash.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { LIFE_S = 300, REQUEST_BYTES = 64 * 1024, PATH_SIZE = 4096 };

/* By this section the program under test knows a native client (src/agents/claude/program.h). */
__attribute__((section(".bun"), used)) static const char stand_in[] =
    "fake-agent of session-rescue";

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "fake-agent: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- what it is told ---------------------------------------------------------------------- */

/* "name=value" lines in $FAKE_AGENT, a flag's value is empty. */
static char told[16384];

static void tell(const char *name, const char *value)
{
    size_t n = strlen(told);
    if (strchr(value, '\n') ||
        (size_t)snprintf(told + n, sizeof told - n, "%s=%s\n", name, value) >= sizeof told - n) {
        fprintf(stderr, "fake-agent: --%s: too long, or two lines\n", name);
        exit(2);
    }
}

/* Returns: the value of an option; otherwise where it was not given. */
static const char *option(const char *name, const char *otherwise)
{
    static char values[32][2048];
    static size_t used;
    size_t n = strlen(name);
    for (const char *line = told; *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, name, n) == 0 && line[n] == '=') {
            char *copy = values[used++ % 32];
            snprintf(copy, sizeof values[0], "%.*s", (int)strcspn(line + n + 1, "\n"),
                     line + n + 1);
            return copy;
        }
    return otherwise;
}

static bool is_told(const char *name)
{
    return option(name, NULL) != NULL;
}

static bool takes_value(const char *name)
{
    static const char *const names[] = {
        "session", "cwd",         "version", "status", "waiting-for", "turn",  "tool",
        "prompt",  "age",         "child",   "server", "servers",     "model", "last-words",
        "context", "write-every", "ledger",  "hook",   "linger",      "clock", "wake"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_flag(const char *name)
{
    static const char *const names[] = {
        "old-registry", "no-registry", "stale-registry", "queue-input",   "spinner", "spin",
        "flood",        "ignore-term", "no-terminal",    "lose-terminal", "raw",     "here",
        "pooled",       "ask-again",   "piped",          "talked"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Returns: where PROGRAM stands in argv. */
static int read_options(int argc, char **argv)
{
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const char *name = argv[i] + 2;
        if (*name == '\0') {
            i++;
            break;
        }
        if (takes_value(name) && i + 1 < argc) {
            tell(name, argv[++i]);
        } else if (is_flag(name)) {
            tell(name, "");
        } else {
            fprintf(stderr, "fake-agent: --%s is not known, or has no value\n", name);
            exit(2);
        }
    }
    if (i < argc)
        return i;
    fprintf(stderr, "usage: fake-agent [OPTION...] -- PROGRAM [ARGUMENT...]\n");
    exit(2);
}

/* ---- the client: what it writes ----------------------------------------------------------- */

static char config_dir[PATH_SIZE], registry_path[PATH_SIZE + 64];

static void find_config_dir(void)
{
    const char *named = getenv("CLAUDE_CONFIG_DIR"), *home = getenv("HOME");
    if (named && *named)
        snprintf(config_dir, sizeof config_dir, "%s", named);
    else
        snprintf(config_dir, sizeof config_dir, "%s/.claude", home ? home : "");
}

static void make_dir(const char *path)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        fail(path);
}

static void add_json_string(FILE *f, const char *key, const char *value)
{
    fprintf(f, "\"%s\":\"", key);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(f, "\\%c", *p);
        else if (*p < ' ')
            fprintf(f, "\\u%04x", (unsigned)*p);
        else
            fputc(*p, f);
    }
    fputc('"', f);
}

static long long wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((long long)now.tv_sec + atoll(option("clock", "0"))) * 1000 + now.tv_nsec / 1000000;
}

/* "2026-02-05T10:11:12.345Z" */
enum { STAMP_SIZE = 64 };
static void format_time(long long ms, char text[static STAMP_SIZE])
{
    char date[32];
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    snprintf(text, STAMP_SIZE, "%s.%03dZ", date, (int)(ms % 1000));
}

/* Field 22 of /proc/self/stat; the name in field 2 may hold spaces and brackets. */
static unsigned long long start_ticks(void)
{
    char text[1024];
    FILE *f = fopen("/proc/self/stat", "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

/* Written in place, as the client does. */
static void write_registry(const char *session, const char *cwd)
{
    char dir[PATH_SIZE + 16];
    if (is_told("no-registry"))
        return;
    snprintf(dir, sizeof dir, "%s/sessions", config_dir);
    make_dir(dir);
    snprintf(registry_path, sizeof registry_path, "%s/%d.json", dir, (int)getpid());
    FILE *f = fopen(registry_path, "w");
    if (!f)
        fail(registry_path);
    fprintf(f, "{\"pid\":%d,", (int)getpid());
    add_json_string(f, "sessionId", session);
    fputc(',', f);
    add_json_string(f, "cwd", cwd);
    fprintf(f, ",\"startedAt\":%lld,\"kind\":\"interactive\",\"entrypoint\":\"cli\"", wall_ms());
    if (!is_told("old-registry")) {
        fprintf(f, ",\"procStart\":\"%llu\",", start_ticks() + (is_told("stale-registry") ? 1 : 0));
        add_json_string(f, "version", option("version", "2.1.197"));
        fputc(',', f);
        add_json_string(f, "status", option("status", "idle"));
        /* the first status is published before the start is noted (2.1.197: by 0.3 s) */
        bool is_new = strcmp(option("turn", "over"), "none") == 0 && !is_told("talked");
        long long since = wall_ms() - (is_new ? 300 : 0);
        fprintf(f, ",\"updatedAt\":%lld,\"statusUpdatedAt\":%lld", since, since + !is_new);
        if (is_told("waiting-for")) {
            fputc(',', f);
            add_json_string(f, "waitingFor", option("waiting-for", ""));
        }
    }
    fputs("}\n", f);
    fclose(f);
}

/* The client encodes UTF-16 unit by unit: one "-" for what UTF-8 writes in 2 or 3 bytes, two for 4.
 */
static void encode_folder(const char *cwd, char *out, size_t size)
{
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)cwd; *p && n + 3 < size; p++) {
        bool kept =
            (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');
        if ((*p & 0xc0) == 0x80)
            continue;
        out[n++] = (char)(kept ? *p : '-');
        if (*p >= 0xf0)
            out[n++] = '-';
    }
    out[n] = '\0';
}

static FILE *transcript;
static char transcript_path[3 * PATH_SIZE];
static int record_count;

/* The members that every record of a conversation has; fields: what makes it this one. */
static void write_record(const char *type, const char *cwd, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));
static void write_record(const char *type, const char *cwd, const char *fields, ...)
{
    char stamp[STAMP_SIZE];
    format_time(wall_ms() - atoll(option("age", "0")) * 1000 + record_count, stamp);
    fprintf(transcript, "{\"parentUuid\":");
    if (record_count)
        fprintf(transcript, "\"10000000-0000-4000-8000-%012d\"", record_count);
    else
        fprintf(transcript, "null");
    fprintf(transcript, ",\"isSidechain\":false,\"type\":\"%s\",", type);
    va_list args;
    va_start(args, fields);
    vfprintf(transcript, fields, args);
    va_end(args);
    fprintf(transcript, ",\"uuid\":\"10000000-0000-4000-8000-%012d\",\"timestamp\":\"%s\",",
            record_count + 1, stamp);
    record_count++;
    add_json_string(transcript, "cwd", cwd);
    fprintf(transcript, ",\"sessionId\":\"%s\",\"version\":\"%s\",\"entrypoint\":\"cli\"}\n",
            option("session", ""), option("version", "2.1.197"));
}

static void write_transcript(const char *session, const char *cwd)
{
    char folder[PATH_SIZE], path[3 * PATH_SIZE];
    const char *turn = option("turn", "over");
    if (strcmp(turn, "none") == 0)
        return;
    snprintf(path, sizeof path, "%s/projects", config_dir);
    make_dir(path);
    encode_folder(cwd, folder, sizeof folder);
    snprintf(path, sizeof path, "%s/projects/%s", config_dir, folder);
    make_dir(path);
    snprintf(path, sizeof path, "%s/projects/%s/%s.jsonl", config_dir, folder, session);
    transcript = fopen(path, "a");
    if (!transcript)
        fail(path);

    char *prompt, usage[128] = "";
    size_t size;
    if (is_told("context"))
        snprintf(usage, sizeof usage,
                 "\"model\":\"claude-sonnet-4-6\",\"usage\":{\"input_tokens\":10,"
                 "\"cache_read_input_tokens\":%lld,\"output_tokens\":0},",
                 atoll(option("context", "0")) - 10);
    FILE *f = open_memstream(&prompt, &size);
    add_json_string(f, "content", option("prompt", "hello"));
    fclose(f);
    write_record("user", cwd, "\"message\":{\"role\":\"user\",%s}", prompt);
    free(prompt);
    if (strcmp(turn, "tool") == 0)
        write_record(
            "assistant", cwd,
            "\"message\":{%s\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[{\"type\":"
            "\"tool_use\",\"id\":\"toolu_1\",\"name\":\"%s\",\"input\":{}}],"
            "\"stop_reason\":\"tool_use\"}",
            usage, option("tool", "Bash"));
    else if (strcmp(turn, "over") == 0)
        write_record(
            "assistant", cwd,
            "\"message\":{%s\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[{\"type\":"
            "\"text\",\"text\":\"done\"}],\"stop_reason\":\"end_turn\"}",
            usage);
    if (is_told("queue-input")) {
        char stamp[STAMP_SIZE];
        format_time(wall_ms() + record_count, stamp);
        fprintf(transcript,
                "{\"type\":\"queue-operation\",\"operation\":\"enqueue\",\"timestamp\":\"%s\","
                "\"sessionId\":\"%s\",\"content\":\"and then\"}\n",
                stamp, session);
    }
    fclose(transcript);
    snprintf(transcript_path, sizeof transcript_path, "%s", path);
}

/* ---- the client: what it does ------------------------------------------------------------- */

/* As the client's tools run: a session of their own, no terminal, the session's id around them. */
enum child_kind { CHILD_TOOL, CHILD_HOOK, CHILD_SERVER };

/* What 2.1.197 gives them. */
static void mark_child(enum child_kind kind, const char *session)
{
    setenv("CLAUDECODE", "1", 1);
    setenv("CLAUDE_CODE_SESSION_ID", session, 1);
    setenv("CLAUDE_CODE_ENTRYPOINT", "cli", 1);
    if (kind != CHILD_SERVER) {
        setsid();
        setenv("CLAUDE_CODE_CHILD_SESSION", "1", 1);
    }
    if (kind == CHILD_TOOL)
        setenv("CLAUDE_CODE_EXECPATH", "/proc/self/exe", 1);
    else
        setenv("CLAUDE_PROJECT_DIR", "/", 1);
}

static void run_child(enum child_kind kind, const char *command, const char *session, int output)
{
    pid_t client = getpid(), child = fork();
    if (child < 0)
        fail("fork");
    if (child > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != client)
        _exit(1);
    alarm(LIFE_S); /* survives exec */
    int null = open("/dev/null", O_RDWR);
    dup2(kind == CHILD_SERVER ? output : null, STDIN_FILENO);
    dup2(output < 0 ? null : output, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    unsetenv("FAKE_AGENT");
    mark_child(kind, session);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Returns: where its output is read. */
static int run_helper(enum child_kind kind, const char *command, const char *session, bool is_piped)
{
    int ends[2];
    if (is_piped ? pipe2(ends, O_CLOEXEC) < 0
                 : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        fail("make the ends of its output");
    run_child(kind, command, session, ends[1]);
    close(ends[1]);
    return ends[0];
}

static int hook = -1; /* where its output is read */

static int model = -1; /* the connection on which it waits */

/* Returns: a connection on which a request went out. */
static int send_request(void)
{
    static char request[REQUEST_BYTES];
    const char *url = getenv("ANTHROPIC_BASE_URL");
    const char *port = url ? strrchr(url, ':') : NULL;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons((uint16_t)(port ? atoi(port + 1) : 0));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        send(fd, request, sizeof request, 0) != (ssize_t)sizeof request)
        fail("ask the model");
    return fd;
}

static void ask_model(void)
{
    model = send_request();
    char reply[4096];
    for (long due = atol(option("model", "0")); due > 0;) {
        ssize_t n = recv(model, reply, sizeof reply, 0);
        if (n <= 0)
            fail("hear the model");
        due -= n;
    }
    if (is_told("pooled"))
        send_request();
}

/* The connection on which it waits has ended: once. */
static void ask_model_again(void)
{
    close(model);
    model = -1;
    send_request();
}

static struct termios modes_before;
static bool has_set_terminal;

/* What the real one sets and sends at its start. */
static void set_terminal_up(void)
{
    static const char modes[] = "\x1b[?2004h\x1b[?1004h\x1b[?1000h\x1b[?1006h\x1b[?25l";
    if (tcgetattr(STDIN_FILENO, &modes_before) < 0)
        fail("tcgetattr");
    struct termios raw = modes_before;
    raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
    raw.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO | IEXTEN);
    has_set_terminal = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0 &&
                       write(STDOUT_FILENO, modes, sizeof modes - 1) > 0;
}

static void put_terminal_in_order(void)
{
    static const char modes[] = "\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l\x1b[?25h";
    if (has_set_terminal && write(STDOUT_FILENO, modes, sizeof modes - 1) > 0)
        tcsetattr(STDIN_FILENO, TCSANOW, &modes_before);
}

/* Called by a signal handler while nothing but poll() is under way. */
static void say_last_words(void)
{
    char cwd[PATH_SIZE];
    if (!is_told("last-words") || !getcwd(cwd, sizeof cwd))
        return;
    transcript = fopen(transcript_path, "a");
    if (!transcript)
        fail(transcript_path);
    fprintf(transcript, "{\"type\":\"last-prompt\",");
    add_json_string(transcript, "lastPrompt", option("last-words", ""));
    fputs("}\n", transcript);
    fclose(transcript);
}

static void end_cleanly(int signal_number)
{
    if (signal_number == SIGTERM) {
        say_last_words();
        put_terminal_in_order();
    }
    if (registry_path[0])
        unlink(registry_path);
    long linger_ms = signal_number == SIGTERM ? atol(option("linger", "0")) : 0;
    nanosleep(&(struct timespec){linger_ms / 1000, linger_ms % 1000 * 1000000}, NULL);
    _exit(128 + signal_number);
}

static void append(const char *path, const char *text, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n)
        fail(path);
    close(fd);
}

/* One more record, as the client writes it: opened, one write, closed. */
static void go_on_writing(void)
{
    static int number;
    char stamp[STAMP_SIZE], line[1024];
    format_time(wall_ms(), stamp);
    int n =
        snprintf(line, sizeof line,
                 "{\"type\":\"system\",\"subtype\":\"informational\",\"uuid\":\"2%07x-0000-4000-"
                 "8000-%012d\",\"parentUuid\":null,\"timestamp\":\"%s\",\"sessionId\":\"%s\"}\n",
                 (unsigned)getpid(), ++number, stamp, option("session", ""));
    append(transcript_path, line, (size_t)n);
    append(option("ledger", "/dev/null"), line, (size_t)n);
}

static _Noreturn void live(void)
{
    char bytes[4096] = {0};
    bool has_terminal = !is_told("no-terminal");
    if (is_told("raw"))
        set_terminal_up();
    if (is_told("flood"))
        while (write(STDOUT_FILENO, bytes, sizeof bytes) > 0)
            ;
    if (is_told("spin"))
        for (volatile unsigned long turns = 0;; turns = turns + 1)
            ;
    int pause_ms = is_told("write-every") ? atoi(option("write-every", ""))
                   : is_told("spinner")   ? atoi(option("wake", "10"))
                                          : -1;
    for (;;) {
        struct pollfd inputs[] = {{has_terminal ? STDIN_FILENO : -1, POLLIN, 0},
                                  {is_told("ask-again") ? model : -1, POLLRDHUP, 0},
                                  {hook, POLLIN, 0}};
        if (poll(inputs, 3, pause_ms) == 0 && is_told("write-every"))
            go_on_writing();
        if (inputs[1].revents)
            ask_model_again();
        if (inputs[2].revents && read(hook, bytes, sizeof bytes) <= 0) {
            close(hook);
            hook = -1;
            go_on_writing();
        }
        if (inputs[0].revents && read(STDIN_FILENO, bytes, sizeof bytes) <= 0) {
            if (!is_told("lose-terminal"))
                end_cleanly(SIGHUP);
            has_terminal = false;
        }
    }
}

static _Noreturn void play_client(void)
{
    char cwd[PATH_SIZE];
    snprintf(told, sizeof told, "%s", getenv("FAKE_AGENT"));
    const char *session = option("session", "");
    int ready = atoi(option("ready", "-1"));
    fcntl(ready, F_SETFD, FD_CLOEXEC);
    alarm(LIFE_S);
    signal(SIGTERM, is_told("ignore-term") ? SIG_IGN : end_cleanly);
    signal(SIGHUP, is_told("lose-terminal") ? SIG_IGN : end_cleanly);
    signal(SIGCHLD, SIG_IGN);
    if (!getcwd(cwd, sizeof cwd))
        fail("getcwd");
    find_config_dir();
    make_dir(config_dir);
    if (is_told("server")) {
        for (int i = atoi(option("servers", "1")); i > 0; i--)
            run_helper(CHILD_SERVER, option("server", ""), session, false);
        /* A tool's process is told from a server by when it was started. */
        nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
    }
    if (is_told("model"))
        ask_model();
    write_registry(session, cwd);
    write_transcript(session, cwd);
    if (is_told("child"))
        run_child(CHILD_TOOL, option("child", ""), session, -1);
    if (is_told("hook"))
        hook = run_helper(strcmp(option("turn", ""), "tool") == 0 ? CHILD_TOOL : CHILD_HOOK,
                          option("hook", ""), session, is_told("piped"));
    if (write(ready, "r", 1) == 1)
        close(ready);
    live();
}

/* ---- the launcher ------------------------------------------------------------------------- */

/* Returns: a socket that listens on loopback; $ANTHROPIC_BASE_URL names it. */
static int open_model(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, size) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)&here, &size) < 0)
        fail("listen");
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(here.sin_port));
    setenv("ANTHROPIC_BASE_URL", url, 1);
    return fd;
}

static void answer_as_model(int listener, long answer_bytes, long pause_ms)
{
    static char bytes[REQUEST_BYTES];
    int fd = accept(listener, NULL, NULL); /* stays open, silent, as long as we live */
    if (fd < 0)
        fail("accept");
    for (ssize_t n, got = 0; got < REQUEST_BYTES; got += n)
        if ((n = recv(fd, bytes, sizeof bytes, 0)) <= 0)
            fail("read the request");
    nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000}, NULL);
    for (long left = answer_bytes; left > 0;) {
        ssize_t n = send(fd, bytes, left < REQUEST_BYTES ? (size_t)left : REQUEST_BYTES, 0);
        if (n <= 0)
            fail("answer");
        left -= n;
    }
}

/* A process of its own that waits for the client to ask again. */
static void answer_again_as_model(int listener, int terminal)
{
    pid_t launcher = getpid();
    if (fork() != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher)
        _exit(1);
    alarm(LIFE_S);
    close(terminal);
    if (is_told("pooled"))
        accept(listener, NULL, NULL);
    /* that it was asked is to be seen before that it answers */
    answer_as_model(listener, 1000, 300);
    for (;;)
        pause();
}

static _Noreturn void become(char **argv, pid_t launcher)
{
    if (!is_told("lose-terminal")) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != launcher)
            _exit(1);
    }
    const char *cwd = option("cwd", NULL);
    if (cwd && (chdir(cwd) < 0 || setenv("PWD", cwd, 1) < 0))
        fail(cwd);
    execv(argv[0], argv);
    fail(argv[0]);
}

static pid_t start(char **argv, int *terminal)
{
    pid_t launcher = getpid(), pid;
    if (is_told("no-terminal")) {
        *terminal = -1;
        pid = fork();
        if (pid == 0) {
            setsid();
            dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
            become(argv, launcher);
        }
    } else {
        pid = forkpty(terminal, NULL, NULL, &(struct winsize){.ws_row = 24, .ws_col = 80});
        if (pid == 0)
            become(argv, launcher);
        fcntl(*terminal, F_SETFD, FD_CLOEXEC);
    }
    if (pid < 0)
        fail("start");
    return pid;
}

int main(int argc, char **argv)
{
    if (getenv("FAKE_AGENT"))
        play_client();

    int at = read_options(argc, argv), ready[2], terminal;
    if (!is_told("session"))
        tell("session", "00000000-0000-4000-8000-000000000001");
    if (pipe(ready) < 0)
        fail("pipe");
    char number[16];
    snprintf(number, sizeof number, "%d", is_told("here") ? open("/dev/null", O_WRONLY) : ready[1]);
    tell("ready", number);
    if (is_told("here")) {
        setenv("FAKE_AGENT", told, 1);
        execv(argv[at], argv + at);
        fail(argv[at]);
    }
    int listener = is_told("model") ? open_model() : -1;
    setenv("FAKE_AGENT", told, 1);
    fcntl(ready[0], F_SETFD, FD_CLOEXEC);
    alarm(LIFE_S);
    pid_t client = start(argv + at, &terminal);
    close(ready[1]);
    /* no model answers in the millisecond in which it is asked */
    if (listener >= 0)
        answer_as_model(listener, atol(option("model", "0")), 50);
    if (is_told("ask-again"))
        answer_again_as_model(listener, terminal);

    char bytes[4096];
    if (read(ready[0], bytes, 1) != 1) {
        fprintf(stderr, "fake-agent: %s ended before it was ready\n", argv[at]);
        return 1;
    }
    printf("%d\n", (int)client);
    fflush(stdout);
    if (is_told("lose-terminal"))
        return 0;
    while (terminal >= 0 && !is_told("flood") && read(terminal, bytes, sizeof bytes) > 0)
        ;
    while (waitpid(client, NULL, 0) < 0 && errno == EINTR)
        ;
    return 0;
}
