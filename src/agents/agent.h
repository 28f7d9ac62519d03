/*
 * agent: how one kind of coding agent looks, as a process and on disk.
 *
 * Each agent is a set of tables (struct agent); agents.c lists them all.
 * Later layers know sessions, registrations and transcripts, but not where a
 * particular agent keeps them.
 */
#pragma once

#include "agents/timing.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/fact.h"
#include "base/io/fs.h"
#include "base/problems.h"
#include "base/str.h"
#include "conversation/event.h"
#include "platform/process/proc.h"
#include "repair/damage.h"
#include "session_rescue.h"

#include <stdbool.h>

/* What a process is to an agent. */
enum agent_role {
    AGENT_NO,       /* not this agent's program */
    AGENT_NAMESAKE, /* it has the name of this agent's program, but is not a known build of it */
    AGENT_SESSION,  /* it holds a conversation, or is about to */
    AGENT_UI,       /* it draws a session whose turns another process runs */
    AGENT_SERVER,   /* it runs the turns of any number of sessions, for others to draw */
    AGENT_SPARE,    /* started in advance: it has no session until it is registered with one */
    AGENT_HELPER,   /* this agent's program in another role: a launcher, an MCP server, a daemon */
};

/* A process as recognition sees it. exe: NULL when we may not read it. */
struct agent_look {
    const char *exe;
    const char *name; /* comm */
    const struct proc_strings *argv;
    const struct proc_strings *environment;
    enum fact is_program; /* the answer of the agent's is_program */
};

/* Why a client started a child process. */
enum agent_child {
    AGENT_CHILD_UNKNOWN, /* it carries no mark, or we may not read its marks */
    AGENT_CHILD_TOOL,    /* a command from the model or typed by the user */
    AGENT_CHILD_SEARCH,  /* searches files for one of the client's tools */
    AGENT_CHILD_HOOK,    /* a hook or the status line command: they look the same */
    AGENT_CHILD_SERVER,  /* an MCP server, or another helper that outlives a turn */
    AGENT_CHILD_OTHERS,  /* of another session that the same process runs */
};

/* A child of a client, as seen from outside. */
struct agent_child_look {
    const struct proc_strings *argv;
    const struct proc_strings *environment; /* NULL: we may not read it */
    const struct proc_strings *client_environment;
    bool is_in_group; /* its process group is the client's */
};

/* How a client reaches its model. */
struct agent_api {
    uint16_t port; /* remote port of the connection; with a proxy, the proxy's; 0: not known */
    bool is_first_party;   /* the vendor's own address */
    int64_t api_timeout_s; /* set by the user; 0: not set */
};

/* An agent's own directory ("config directory"), open. */
struct agent_store {
    int fd;
    const char *path; /* as this program opens it */
    struct arena *arena;
    struct problems *problems;
    /* Called before a path outside the store is read, which may be on a mount that does not answer.
     * Returns: false: it is known not to. NULL: it is read all the same. */
    bool (*enter)(const void *context, const char *path);
    void (*leave)(const void *context);
    const void *context;
};

/* What a client publishes about its running process. NULL and 0: not stated. */
struct agent_registration {
    int code;         /* 0, or why the entry could not be read: a negative errno. Then only file
                         and pid (from the file's name) are known; for a torn entry (-EBADMSG),
                         which a client may leave behind, changed_at too */
    const char *file; /* below the store, for messages */
    int64_t pid;      /* in the client's own pid namespace */
    uint64_t start_ticks;
    const char *pid_namespace; /* "pid:[4026531836]" */
    const char *session_id, *cwd, *version, *kind, *entrypoint;
    const char *status;      /* "idle", "busy", "waiting", "shell" */
    const char *waiting_for; /* "permission prompt" */
    bool is_spare;           /* it has no session yet */
    const char *job_id;      /* of a background session: the client's name for it */
    struct wall started_at, changed_at, status_at;
};

/* The user's settings that matter here. */
struct agent_settings {
    const char *model; /* in the user's words; NULL: not set */
    int64_t days_kept; /* the client deletes transcripts that were not written to for this long */
};

/* What a listing knows of a session, for agents that keep this apart from the records. */
struct agent_listed {
    const char *cwd;         /* the directory to resume it in */
    struct wall archived_at; /* when the user archived it; unknown: it is not archived */
    const char *danger;      /* why its client is going to delete it at its next start, and what
                                helps; NULL: it is not */
};

/* One session's transcript in a store. */
struct agent_transcript {
    const char *session_id;
    const char *path;   /* below the store. Where no file holds it (agent_records): a name that no
                           file has, in the folder given by project_folder */
    int64_t size_bytes; /* negative: not known */
    struct wall modified_at;
    const struct agent_listed *listed; /* NULL: its records say this */
};

/* Which records of a session to read. */
enum agent_extent {
    AGENT_WHOLE,
    AGENT_BEGINNING, /* enough to see how it began */
    AGENT_END,       /* the last turn at least, within bounds */
};

/* Takes the next bytes. Returns: 0; a negative result ends the caller, which returns it. */
typedef int agent_sink(void *context, const char *bytes, size_t n);

/* In what way a transcript lies where the client does not look. */
enum agent_stray_kind {
    AGENT_STRAY_NAME, /* in the right folder, under another name: "ID (1).jsonl", "notes.jsonl" */
    AGENT_STRAY_DEEP, /* one folder too deep */
    AGENT_STRAY_TOP,  /* beside the folders */
};

/* A transcript that the client does not find by the session's id. */
struct agent_stray {
    enum agent_stray_kind kind;
    const char *session_id; /* from its name, else from its records */
    const char *path;       /* below the store */
    const char *folder;     /* where the client would find it, below the store; NULL: the folder
                               of the directory that its records name */
    int64_t size_bytes;
};

/* A prompt that was typed, from the agent's history of prompts. */
struct agent_prompt {
    const char *session_id; /* where it was typed */
    const char *text;
    const char *pasted; /* the texts behind "[Pasted text #1 ...]"; NULL: none */
    const char *cwd;    /* the session's; NULL: not stated */
    struct wall at;
    bool is_said_to_model; /* else it may never become part of a conversation */
};

/* The last prompts, or all of a session, oldest first. */
struct agent_prompts {
    struct agent_prompt *items;
    size_t count, capacity;
    bool is_whole;           /* these are all; else known_since holds: */
    struct wall known_since; /* no prompt after this moment is missing */
};

/* A session that the history of prompts names, and in how many lines. */
struct agent_prompted {
    const char *session_id;
    size_t count;
};

/* A session that has no transcript, but left other files behind. */
struct agent_trace {
    const char *session_id;
    const char *folder;      /* one of its own folders, below the store */
    bool is_beside;          /* "<folder>.jsonl" is where its transcript was */
    struct wall modified_at; /* of the folder or what is in it */
};

/* Both arrays are sorted by id. */
struct agent_traces {
    struct agent_trace *items;
    size_t count, capacity;
    const char *const *with_transcript; /* the sessions that have one */
    size_t with_transcript_count;
};

/* What a file left by a session without a transcript holds. */
enum agent_part {
    AGENT_PART_OTHER,       /* nothing of what was said or done */
    AGENT_PART_SUBAGENT,    /* a subagent's transcript */
    AGENT_PART_TOOL_RESULT, /* a tool's answer that was too long for the transcript */
    AGENT_PART_VERSION,     /* a file of the user's as it was before the session changed it */
    AGENT_PART_LIST,        /* a to-do list */
    AGENT_PART_BESIDE,      /* belongs to one of these, and means nothing by itself */
    AGENT_PARTS
};

/* What a client draws: a question in place of the prompt box, and its state line. */
struct agent_screen {
    enum fact asks;   /* FACT_NO: the prompt box is there */
    const char *line; /* the state line as drawn; NULL: not found, and nothing below is set */
    bool is_retrying; /* it says that a request failed and that it tries again; else nothing below
                         is set */
    const char *why, *due, *until; /* "Session limit reached", "1h"; "5:55am", NULL: not stated */
    int64_t due_in_s;              /* at least */
    int64_t attempt, of;
};

/* What decides whether a client saves its conversation. */
struct agent_saving {
    const struct proc_strings *argv;
    const struct proc_strings *environment; /* NULL: not known */
    bool is_registered;
    enum sr_kind kind;
};

struct agent_store;
/* As agent_records.write. */
typedef int agent_row_writer(const struct agent_store *store, const struct agent_transcript *of,
                             enum agent_extent extent, agent_sink *sink, void *context);

/* What a file is to a session. */
enum agent_file_kind {
    AGENT_FILE_TRANSCRIPT,
    AGENT_FILE_OWN,     /* the session's alone, below the store */
    AGENT_FILE_SHARED,  /* the project's or the user's; other sessions use it too */
    AGENT_FILE_LINES,   /* the lines of a file of the user's that name the session */
    AGENT_FILE_RECORD,  /* describes the running process: kept for information, never restored */
    AGENT_FILE_OUTSIDE, /* below the client's folder for temporary files: likewise */
    AGENT_FILE_SALVAGE, /* not a file of the client's: what a backup took from its memory */
};

/* One file of a session. */
struct agent_file {
    enum agent_file_kind kind;
    int at;              /* the folder that path is relative to: the store or agent_files.outside */
    const char *path;    /* opens it */
    const char *name;    /* in a backup: as below the store, except for OUTSIDE */
    const char *root;    /* the real path of at; NULL: the store's */
    struct sv key, mark; /* LINES: what such a line holds (struct line_filter) */
    const struct agent_transcript *rows; /* its records are in no file: agent_records writes them.
                                            Do not open at */
    agent_row_writer *write_rows;        /* those that a database says beside them, for information;
                                            NULL: agent_records writes them */
    bool is_lines;                       /* JSONL, appended to while the session lives */
    struct fs_file seen;                 /* as it was when listed */
};

/* Something that is there and is not copied. */
struct agent_left_out {
    const char *path;
    const char *why; /* "symbolic link to ..." */
    bool is_lost;    /* it should have been copied, but cannot be read */
};

/*
 * A cache of folder listings for many calls of list_files in a row: a store
 * can keep thousands of sessions in one folder. A listing is reused only while
 * the change times of its folder stay the same. The registry, whose files are
 * rewritten in place, is reused for one second. Start with {0}; free with
 * agent_listings_release.
 */
struct agent_listings {
    struct arena arena;
    struct agent_listing *items;
    size_t count, capacity;

    /* the registry of one store at a time */
    struct arena registry_arena;
    const char *registry_store;     /* the store's path; NULL: none was read */
    struct agent_store registry_of; /* the same store, with registry_arena */
    struct awake registry_at;
    struct lookup registry_lookup;
    struct agent_registration *registry;
    size_t registry_count;
};

/* fs_list of all names, cached. Owner of the names: the listings, until the folder is listed
 * again. */
int agent_list_folder(struct agent_listings *listings, int at, const char *path,
                      struct fs_name **names, size_t *count);
struct agent;
/* As agent_read_registry. Owner: the listings, until the next call. */
struct lookup agent_list_registry(struct agent_listings *listings, const struct agent *agent,
                                  const struct agent_store *store,
                                  struct agent_registration **entries, size_t *count);
void agent_listings_release(struct agent_listings *listings);

enum { AGENT_PLACES = 24 };

struct agent_files {
    struct arena *arena;
    struct agent_file *items; /* the transcript, if there is one, is the first */
    size_t count, capacity;
    struct agent_left_out *left_out;
    size_t left_out_count, left_out_capacity;
    int outside;              /* folder of temporary files; -1: none. agent_files_release closes */
    int places[AGENT_PLACES]; /* folders that links lead to, likewise */
    size_t place_count;
};

/* Appends to left_out. */
void agent_leave_out(struct agent_files *files, const char *path, const char *why, bool is_lost);
void agent_files_release(struct agent_files *files);

/*
 * All functions that read a store answer in one of three ways. Found: out holds everything that
 * is there, which may be nothing. Absent: there is no such folder or file, and out is empty.
 * Unknown: something could not be read and is named in store->problems; out holds the rest, and
 * there may be more. Owner of results and of lookup.where: store->arena.
 */

/* How to tell its processes from others, and what they say of themselves. */
struct agent_process {
    /* By the program file alone (or the name, where we may not read that): is its command line
     * worth a look? Cheap: asked of every process. */
    bool (*could_be)(const char *exe, const char *name);
    enum agent_role (*role)(const struct agent_look *look);
    /* The session id on a command line. Returns: false where there is none. */
    bool (*session_in_argv)(const struct proc_strings *argv, struct sv *session_id);
    /* From here on NULL means: nothing of the kind is known. */

    /* By the contents of the file that it runs. Asked only where could_be says yes; reads files.
     * Returns: FACT_UNKNOWN when it cannot tell or need not. */
    enum fact (*is_program)(const struct proc *proc, pid_t pid, const struct agent_look *look);
    /* Corrects the role of a process that has one, by what else can be seen: its home, its parent.
     * Reads files. */
    enum agent_role (*look_closer)(const struct proc *proc, pid_t pid,
                                   const struct agent_look *look, enum agent_role role);
    /* It is a compiled program, and registers itself as soon as it runs. */
    bool (*is_native)(const char *exe);
    enum sr_kind (*kind)(const char *registered_kind, const char *entrypoint,
                         const struct proc_strings *argv);
    const char *entrypoint_variable; /* NULL: there is none */
};

/* Where an agent keeps what is its user's. */
struct agent_home {
    /* By the environment of a process. Returns: NULL when not known. */
    const char *(*config_dir)(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default);
    /* The user's settings; what is not known counts as not set. NULL: there are none. */
    struct lookup (*read_settings)(const struct agent_store *store, struct agent_settings *out);
    /* variable names another config directory. It holds the path without below_variable
     * ("/opencode"; NULL: the whole path). temporary_variable names the folder for temporary files;
     * NULL: there is none. */
    const char *variable, *below_variable, *temporary_variable;
};

/* The transcripts in a store. */
struct agent_stored {
    const char *top; /* the folder that holds all of them: "projects" */
    /* After the id in a transcript's path: ".jsonl"; "/events.jsonl" when the id names a folder.
     * NULL: transcripts are not files. */
    const char *suffix;
    /* How a transcript's name begins when the id comes last, after a time: such files lie in
     * folders by date. NULL: the name is the id alone. */
    const char *name_begins;
    bool (*is_id)(struct sv id);
    /* The word begins an id, and is long enough to be typed in its place: longer than any pid,
     * which has 7 digits at most (PID_MAX_LIMIT is 4194304). */
    bool (*begins_id)(const char *word);
    bool ids_ignore_case; /* and are kept in lower case */
    /* All ids begin so: a table leaves it out, and so may who types one. NULL: nothing of the kind.
     */
    const char *id_begins;
    /* Splits the path of a transcript at the end of the store. Returns: false for any other path.
     * NULL: transcripts are not files. */
    bool (*split)(struct arena *a, const char *path, const char **store, const char **below);
    /* The folder, below the store, of sessions started in cwd. NULL: folder_in says it. */
    const char *(*project_folder)(struct arena *a, const char *cwd);
    struct lookup (*list_folder)(const struct agent_store *store, const char *folder,
                                 struct agent_transcript **transcripts, size_t *count);
    struct lookup (*list_all)(const struct agent_store *store,
                              struct agent_transcript **transcripts, size_t *count);
    /* Looks in the folder of cwd first (cwd may be NULL), then everywhere. Sets out only when
     * found. */
    struct lookup (*find)(const struct agent_store *store, const char *session_id, const char *cwd,
                          struct agent_transcript *out);
    /* From here on NULL means: there is nothing of the kind. */

    /* The same, where each store gives a directory a folder of its own choice: a session that is
     * put back goes where this store has its directory. */
    const char *(*folder_in)(const struct agent_store *store, const char *cwd);
    /* The transcripts of its subagents, which grow beside its own. */
    struct lookup (*list_subagents)(const struct agent_store *store,
                                    const struct agent_transcript *of,
                                    struct agent_transcript **transcripts, size_t *count);
    /* Has the user archived the session, and since when? FACT_UNKNOWN: it cannot be read. */
    enum fact (*is_archived)(const struct agent_store *store, const struct agent_transcript *t,
                             struct wall *since);
    /* The directory in which the session began, where its records do not say. Returns: NULL: not
     * known. Owner: the store's arena. */
    const char *(*directory)(const struct agent_store *store, const char *session_id);
    /* The folders, below the store, where every session creates or grows files. */
    void (*list_watched)(const struct agent_store *store, const char *const **folders,
                         size_t *count);
    const char *const *watched_suffixes; /* of the files there that count; ends with NULL */
};

/* All files of one session: what a backup holds, and how to put them back. */
struct agent_bundle {
    /*
     * Every file that belongs to a session, for a lossless copy. of->path NULL: it has no
     * transcript; then it looks everywhere for what carries the id. Never lists credentials.
     * Keys, and what cannot be read, go to left_out. temporary: the folder for the client's
     * temporary files ("/tmp"). Owner: agent_files_release; strings: the store's arena.
     */
    void (*list_files)(const struct agent_store *store, const struct agent_transcript *of,
                       const char *temporary, struct agent_listings *listings,
                       struct agent_files *out);
    /* How many leading folders of a path below the store may be symbolic links of the user's.
     * NULL: none. */
    size_t (*linked_parts)(const char *path);
    /* A name in a backup, changed to another session id and project folder. NULL: a backup cannot
     * be restored yet. */
    const char *(*renamed)(struct arena *a, const char *name, const char *old_id,
                           const char *new_id, const char *project_folder);
};

/* The records of a session in a backup, as agent_records.write gave them. */
struct agent_kept {
    const char *session_id;
    int fd;
};

/* What is wrong with records that are in no file. */
struct agent_finding {
    enum damage_kind kind;
    const char *where; /* "part prt_..." */
};

struct agent_findings {
    struct agent_finding *items;
    size_t count, capacity;
    int64_t record_count, size_bytes;
};

/* The records of a session that are in no file of their own, as lines of one JSON object each. */
struct agent_records {
    /* All as they are at one moment. Returns: 0; negative errno, with the reason in
     * store->problems; or the sink's result. Blocks: a few seconds at most, for a writer. */
    int (*write)(const struct agent_store *store, const struct agent_transcript *of,
                 enum agent_extent extent, agent_sink *sink, void *context);
    /* A number that differs after any change, without reading the records. Returns: as write. */
    int (*stamp)(const struct agent_store *store, const struct agent_transcript *of,
                 uint64_t *stamp);
    const char *kind; /* sr_part.kind: "rows" */
    const char *file; /* the file that holds them, below the store */
    /* From here on NULL means: they cannot be put back. */

    /* The session whose records a file of a backup holds, by the file's name there. Returns: NULL:
     * the file is an ordinary one. */
    const char *(*id_of)(struct arena *a, const char *name);
    /* Whether a session is there, and as the lines say. Returns: 0: it is not; 1: it is, and the
     * same; -EEXIST: it is, and differs; another negative errno. *why: in words, where negative. */
    int (*compare)(const struct agent_store *store, const struct agent_kept *kept,
                   const char **why);
    /* Puts back sessions of which none is there: all or none, and nobody else's records change.
     * What was put back has been compared with the lines. Returns: 0 or negative errno, with *why:
     * then nothing was changed. -EBUSY: a process has the file open. */
    int (*put_back)(const struct agent_store *store, const struct agent_kept *kept, size_t count,
                    const char **why);
    /* Looks for damage in a session's records, and in those of the sessions that it started. NULL:
     * not known. Returns: as write. Owner of out: store->arena. */
    int (*check)(const struct agent_store *store, const struct agent_transcript *of, bool is_live,
                 struct agent_findings *out);
};

/* What its processes publish about themselves. */
struct agent_registry {
    struct lookup (*read)(const struct agent_store *store, struct agent_registration **entries,
                          size_t *count);
    bool is_swept;         /* what a dead client has left there the next one removes */
    bool follows_sessions; /* a client that goes on with another session writes it down at once */
};

/* A session that a process has, and the evidence for it. */
struct agent_held {
    const char *session_id;
    enum sr_mapping by;
    bool is_likely; /* else exact */
};

/* A file that a process has locked, or leaves, for as long as it has a session. */
struct agent_lock {
    const char *path; /* below the store */
    int64_t pid;      /* as its name says, in the process's own namespace; 0: it says none */
    struct wall at;   /* when it was last written */
};

/* A process that may draw a session of another process. */
struct agent_drawing {
    pid_t pid;
    struct wall started_at;
    const char *cwd; /* NULL: not known */
};

/* Its processes' open or locked files show which sessions they have. Such a process is never mapped
 * by the transcripts that it could have written. */
struct agent_holding {
    /* All sessions whose turns the process runs; there may be none. */
    struct lookup (*held)(const struct agent_store *store, const struct proc *proc, pid_t pid,
                          struct agent_held **items, size_t *count);
    /* The session that a process draws while another runs its turns. NULL: no process does this. */
    struct lookup (*drawn)(const struct agent_store *store, const struct agent_drawing *of,
                           const char **session_id);
    /* The files of a session that say that a process has it; whether one does is not looked at. */
    void (*list_locks)(const struct agent_store *store, const char *session_id,
                       struct agent_lock **items, size_t *count);
};

/* The marks on the children of its processes. */
struct agent_children {
    enum agent_child (*started_for)(const struct agent_child_look *look);
    /* The variable that names the session to its tool children. */
    const char *session_variable;
};

/* The prompts that were typed, kept apart from the transcripts. */
struct agent_history {
    const char *file; /* below the store, for messages */
    /* The last prompts to the model, read within bounds. Returns: 0, -ENOENT when there is no
     * history, or another negative errno. Owner: the store's arena. */
    int (*read_end)(const struct agent_store *store, struct agent_prompts *out);
    /* All prompts of a session (NULL: of every session) in the last end_bytes of the history. */
    struct lookup (*read)(const struct agent_store *store, const char *session_id,
                          int64_t end_bytes, struct agent_prompts *out);
    /* The sessions with prompts in the last end_bytes of the history, sorted by id. is_whole: that
     * was all of it. */
    struct lookup (*list_sessions)(const struct agent_store *store, int64_t end_bytes,
                                   struct agent_prompted **out, size_t *count, bool *is_whole);
};

/* What lies where the client does not look, or without its transcript. */
struct agent_remains {
    struct lookup (*list_strays)(const struct agent_store *store, struct agent_stray **strays,
                                 size_t *count);
    /* Sessions that have a folder with files, but no transcript. prefixes: only ids that begin
     * with one of them (none: all). */
    struct lookup (*list_traces)(const struct agent_store *store, const char *const *prefixes,
                                 size_t prefix_count, struct agent_traces *out);
    /* By a file's name in list_files. */
    enum agent_part (*part_of)(const char *name);
    /* A readable name of a subagent, by its transcript. Owner: the arena. */
    const char *(*subagent_name)(struct arena *a, int at, const char *path);
};

/* Does a client write its conversation down? */
struct agent_saves {
    /* The variable or option that told the client to save nothing; NULL: none did. is_certain:
     * false when that depends on something that cannot be seen. */
    const char *(*nothing)(const struct agent_saving *client, bool *is_certain);
    /* The option on its command line that made the client load an earlier conversation; NULL:
     * none. */
    const char *(*takes_up)(const struct proc_strings *argv);
    /* Are there files, below a folder of transcripts, that a running session writes even when it
     * writes no transcript? */
    enum fact (*has_side_files)(const struct agent_store *store, const char *folder,
                                const char *session_id);
};

/* The model's tools, by name. NULL: there are none of the kind. */
struct agent_tools {
    /* An MCP server answers it. */
    bool (*is_mcp)(const char *name);
    /* The user's name for that server. Returns: {0} when no MCP server answers the tool. */
    struct sv (*mcp_server)(const char *tool);
    /* It asks the user a question. */
    bool (*is_question)(const char *name);
    /* It runs a command as a process of its own, from start to end, after the user allowed it. */
    bool (*is_command)(const char *name);
};

/* The model, and the way to it. */
struct agent_model {
    /* Of a session whose store that is; NULL: it cannot be read, or is not asked. */
    struct agent_api (*api)(const struct proc_strings *argv, const struct proc_strings *environment,
                            const struct agent_store *store);
    /* From here on NULL means: nothing of the kind is known. */

    /*
     * How many tokens a conversation with that model may hold. asked: the user's words for the
     * model ("sonnet[1m]"); NULL: not known. Returns: 0 when model is NULL.
     */
    int64_t (*context_window)(const char *model, const char *asked);
    /* The user's words for a model, on the command line or in the environment; NULL: none. */
    const char *(*asked)(const struct proc_strings *argv, const struct proc_strings *environment);
    /* The environment variable that sets the model. */
    const char *variable;
};

/* What its terminal shows. screen: lines of text. Owner: the arena. */
struct agent_terminal {
    void (*read)(struct sv screen, struct arena *a, struct agent_screen *out);
    /* What was typed and not sent. screen: with escape sequences. Returns: false when there is no
     * prompt box; *typed is empty when nothing is typed. */
    bool (*read_prompt)(struct sv screen, struct arena *a, struct sv *typed);
};

/* What may be done to its processes, as tried on real ones: a client that gets SIGTERM writes down
 * what it has, then ends. */
struct agent_control {
    /* Its screen shows a question that Escape would answer. NULL: not known, and Escape is never
     * pressed. */
    bool (*shows_dialog)(const char *screen);
    /* When its connection is closed from outside, it sends the request again and loses nothing. */
    bool asks_again;
    /* It keeps its terminal in raw mode while it is in the foreground. */
    bool keeps_raw_mode;
};

/* Its transcripts are lines of one JSON object each. --check can then tell which lines are whole,
 * even when no rules of repair/ hold for its client. */
struct agent_lines {
    /* What its client does with a line that is not one whole record, as tried. Returns: NULL: not
     * tried. */
    const char *(*client_does)(enum damage_kind kind);
};

/* Its client loads transcripts by the rules of repair/. */
struct agent_repair {
    const char *id_member; /* the member of its records that holds the session's id */
};

/* A partial reply found in memory. Owner: the caller. */
struct agent_reply {
    const char *text;
    const char *parent;  /* the record that it answers */
    const char *uuid[3]; /* for the new records */
    const char *session_id;
    const char *cwd, *version; /* from the transcript; NULL: not stated */
};

struct memory_search_search;
struct memory_search_found;

/* A conversation that is in a client's memory. */
struct agent_recall_request {
    const struct memory_search_search *search; /* its is_on_disk is not asked */
    const char *session_id;                    /* the client's own */
    const char *new_id;                        /* for the records */
    const char *cwd, *version;                 /* NULL: not known */
    struct wall
        began; /* of the process: memory tells no times, so records get rising ones from there */
    bool is_in_turn; /* its last reply may go on */
};

struct agent_recall {
    struct sv records; /* a transcript under the new id */
    struct sv request; /* JSON: all messages of the request that it is from */
    struct sv others;  /* JSON: messages that only other requests have; empty: none */
    size_t message_count, sure_count; /* sure: seen in two places at least */
    size_t other_count;
    size_t copy_count; /* of the request */
    size_t redacted;
    bool has_reply; /* the last message is from the stream */
    struct memory_search_found
        *found; /* texts of the stream that are in no request, the reply too */
};

/* What its memory holds and no disk does. */
struct agent_salvage {
    /* The conversation as its last request has it, and the reply to that. NULL: not known how it
     * keeps one. Returns: false: there is none. Owner: the arena. */
    bool (*recall)(const struct agent_recall_request *request, struct arena *a,
                   struct agent_recall *out);
    void (*find)(const struct memory_search_search *search, struct arena *a,
                 struct memory_search_found *out);
    /* The text in its prompt box; see memory_search_find_typed. */
    bool (*find_typed)(const struct memory_search_search *search, struct sv shown, struct arena *a,
                       struct sv *typed);
    /* Appends the records that a client writes when its user stops a reply. */
    void (*add_records)(const struct agent_reply *reply, struct buf *out);
};

/* Commands that a user can type. */
struct agent_commands {
    /* Appends the command that resumes a session from its directory. */
    void (*resume)(struct buf *out, const char *session_id);
    bool takes_file;      /* a transcript's path in place of the id, from anywhere */
    bool needs_directory; /* only in the session's directory; an empty one will do */
    /* What to know before a session of that directory is resumed. NULL, or returns NULL: nothing.
     */
    const char *(*caution)(const struct agent_store *store, const char *cwd);
    /* Appends the command that opens a background session. NULL: there are none. */
    void (*attach)(struct buf *out, const char *job_id);
};

/*
 * One kind of agent: names, and a table for each thing that can be done with it. Every agent has
 * the tables of the first group. One of the second group is NULL when the agent cannot do that, or
 * nobody knows how: callers use the functions below, which then give the answer written there.
 */
struct agent {
    const char *name;    /* in JSON and for --agent: "claude" */
    const char *title;   /* for people: "Claude" */
    const char *product; /* "Claude Code" */
    const char *vendor;  /* in the name of the default backup folder: "anthropic" */
    const struct agent_process *process;
    const struct agent_home *home;
    const struct agent_stored *stored;
    const struct agent_bundle *bundle;
    const struct event_reader *reader; /* reads the records of its transcripts */
    const struct agent_commands *commands;

    const struct agent_records *records;
    const struct agent_registry *registry;
    const struct agent_holding *holding;
    const struct agent_children *children;
    const struct agent_history *history;
    const struct agent_remains *remains;
    const struct agent_saves *saves;
    const struct agent_tools *tools;
    const struct agent_model *model;
    const struct agent_terminal *terminal;
    const struct agent_control *control; /* NULL: its processes are never ended or revived */
    const struct agent_lines *lines;
    const struct agent_repair *repair; /* NULL: its transcripts are never repaired */
    const struct agent_salvage *salvage;
    const struct agent_timing *timing; /* measured on its clients */
    /* The same of those that write neither errors nor questions down; NULL: as timing. */
    const struct agent_timing *terse_timing;
};

/* Opens the records of a transcript: its file, or, where no file holds them, a nameless file with
 * the records of that extent. Returns: 0 or negative errno. Owner: the caller closes out->fd. */
int agent_open_records(const struct agent *agent, const struct agent_store *store,
                       const struct agent_transcript *of, enum agent_extent extent,
                       struct fs_file *out);
/* Facts that differ when the records have changed: of the file; or, when no file holds them, an
 * inode that is new after each change, device 0, and a negative size. Returns: 0 or negative errno.
 */
int agent_see_records(const struct agent *agent, const struct agent_store *store,
                      const struct agent_transcript *of, struct fs_file *out);

/* The comment before each group says what they answer for an agent without the table. */

/* Not known. */
enum fact agent_is_program(const struct agent *agent, const struct proc *proc, pid_t pid,
                           const struct agent_look *look);
/* As process->role says. */
enum agent_role agent_role_of(const struct agent *agent, const struct proc *proc, pid_t pid,
                              const struct agent_look *look);
bool agent_is_native(const struct agent *agent, const char *exe);
enum sr_kind agent_kind(const struct agent *agent, const char *registered_kind,
                        const char *entrypoint, const struct proc_strings *argv);
/* The folder, below the store, of sessions started in cwd. Owner: the store's arena. */
const char *agent_project_folder(const struct agent *agent, const struct agent_store *store,
                                 const char *cwd);
/* Nothing is set; no subagents; not archived; no folders; no links. */
struct lookup agent_read_settings(const struct agent *agent, const struct agent_store *store,
                                  struct agent_settings *out);
struct lookup agent_list_subagents(const struct agent *agent, const struct agent_store *store,
                                   const struct agent_transcript *of,
                                   struct agent_transcript **transcripts, size_t *count);
enum fact agent_is_archived(const struct agent *agent, const struct agent_store *store,
                            const struct agent_transcript *t, struct wall *since);
void agent_list_watched(const struct agent *agent, const struct agent_store *store,
                        const char *const **folders, size_t *count);
size_t agent_linked_parts(const struct agent *agent, const char *path);
/* None published. */
struct lookup agent_read_registry(const struct agent *agent, const struct agent_store *store,
                                  struct agent_registration **entries, size_t *count);
/* Not known; no variable. */
enum agent_child agent_child_of(const struct agent *agent, const struct agent_child_look *look);
const char *agent_child_variable(const struct agent *agent);
/* The value of a variable; name NULL, for an agent that has no such variable: not set. */
const char *agent_variable(const struct proc_strings *environment, const char *name);
/* There is no history: -ENOENT, absent. */
int agent_read_prompts(const struct agent *agent, const struct agent_store *store,
                       struct agent_prompts *out);
struct lookup agent_read_all_prompts(const struct agent *agent, const struct agent_store *store,
                                     const char *session_id, int64_t end_bytes,
                                     struct agent_prompts *out);
struct lookup agent_list_prompted(const struct agent *agent, const struct agent_store *store,
                                  int64_t end_bytes, struct agent_prompted **out, size_t *count,
                                  bool *is_whole);
/* Absent; of no interest. What holds another agent's records is none. */
struct lookup agent_list_strays(const struct agent *agent, const struct agent_store *store,
                                struct agent_stray **strays, size_t *count);
struct lookup agent_list_traces(const struct agent *agent, const struct agent_store *store,
                                const char *const *prefixes, size_t prefix_count,
                                struct agent_traces *out);
enum agent_part agent_part_of(const struct agent *agent, const char *name);
/* -ENOTSUP: nobody can say, which is no proof that nothing is lost. *told_by, *is_certain and
 * *option: as in struct agent_saves. */
int agent_saves_nothing(const struct agent *agent, const struct agent_saving *client,
                        const char **told_by, bool *is_certain);
int agent_takes_up(const struct agent *agent, const struct proc_strings *argv, const char **option);
enum fact agent_has_side_files(const struct agent *agent, const struct agent_store *store,
                               const char *folder, const char *session_id);
/* No. */
bool agent_is_mcp_tool(const struct agent *agent, const char *name);
struct sv agent_mcp_server(const struct agent *agent, const char *tool);
bool agent_is_question_tool(const struct agent *agent, const char *name);
bool agent_is_command_tool(const struct agent *agent, const char *name);
/* Not known: port 0; 0; NULL. */
struct agent_api agent_api_of(const struct agent *agent, const struct proc_strings *argv,
                              const struct proc_strings *environment,
                              const struct agent_store *store);
int64_t agent_context_window(const struct agent *agent, const char *model, const char *asked);
/* None are known: an empty list. Owner: the store's arena. */
void agent_list_locks(const struct agent *agent, const struct agent_store *store,
                      const char *session_id, struct agent_lock **items, size_t *count);
const char *agent_asked_model(const struct agent *agent, const struct proc_strings *argv,
                              const struct proc_strings *environment);
/* Not known: false. */
bool agent_keeps_raw_mode(const struct agent *agent);
/* Not tried: NULL. */
const char *agent_does_with(const struct agent *agent, enum damage_kind kind);
/* Never NULL. is_terse: its records tell neither errors nor questions. */
const struct agent_timing *agent_timing_of(const struct agent *agent, bool is_terse);
/* Nothing is known, or found. */
void agent_read_screen(const struct agent *agent, struct sv screen, struct arena *a,
                       struct agent_screen *out);
bool agent_read_typed(const struct agent *agent, struct sv screen, struct arena *a,
                      struct sv *typed);

extern const struct agent agent_claude, agent_opencode, agent_copilot, agent_qwen, agent_codex,
    agent_kimi, agent_gemini, agent_goose;

/* Sorts transcripts, the one written to last first. */
void agent_sort_newest_first(struct agent_transcript *transcripts, size_t count);

/* All agents; ends with NULL. The first is the default. */
extern const struct agent *const agents[];

/* Returns: NULL when there is no agent of that name. */
const struct agent *agent_by_name(const char *name);
/* names: a blank between them; NULL: all. */
bool agent_is_among(const struct agent *agent, const char *names);

/* The agent whose records are in a file, by the first of its lines that one of them knows. *out is
 * the default one unless it is found. Returns: found; absent: no agent knows a line of the first
 * MB; unknown: it cannot be read. */
struct lookup agent_of_records(int fd, const struct agent **out);
/* The same, or the default one. */
const struct agent *agent_of_file(const char *path);

/* begins_id for ids that are UUIDs: at least 8 hexadecimal digits and dashes. */
bool agent_begins_uuid(const char *word);
/* It is a session id of some agent. */
bool agent_is_id(struct sv id);
/* The agent whose ids can begin with word. Returns: NULL when there is none. */
const struct agent *agent_of_prefix(const char *word);

/* The id without what all ids of its kind begin with: its first characters tell it from others. */
const char *agent_telling_id(const char *id);
/* word is the beginning of the id, or of that. A whole id begins no longer one. */
bool agent_id_begins(const char *id, const char *word);

/* The suffix of a transcript's path. Returns: NULL when it is no agent's transcript. */
const char *agent_suffix_of(const char *path);
/* A file of that name in a watched folder belongs to a session. */
bool agent_is_watched(struct sv name);
/* The id in a transcript's path, when nothing else is in that part. Returns: false for any other
 * path. */
bool agent_names_transcript(const char *path, struct sv *id);
/* The folders before the part of a transcript's path that holds the id, as project_folder gives
 * them. Returns: an empty string when there are none. */
struct sv agent_folder_of(const struct agent *agent, const char *path);
/* The suffix of a transcript's file name. Returns: NULL when transcripts are not files. */
const char *agent_file_suffix(const struct agent *agent);
/* By its name in a backup: the file lies in the folder of transcripts. */
bool agent_is_stored(const struct agent *agent, const char *name);

/* name NULL: the default agent's. Returns: an unknown name unchanged. */
const char *agent_title(const char *name);
