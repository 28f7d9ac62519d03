/*
 * agent: how one kind of coding agent looks, as a process and on disk.
 *
 * Each agent is a set of tables (struct agent); agents.c lists them all.
 * What is right of this layer knows sessions, registrations and transcripts,
 * and not where a particular agent keeps them.
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
    AGENT_NAMESAKE, /* it is called as this agent's program is, and is none that is known */
    AGENT_SESSION,  /* it holds a conversation, or is about to */
    AGENT_UI,       /* it draws a session whose turns another process runs */
    AGENT_SERVER,   /* it runs the turns of any number of sessions, for others to draw */
    AGENT_SPARE, /* started ahead for a session to come: it has one once it is registered with it */
    AGENT_HELPER, /* this agent's program in another role: a launcher, an MCP server, a daemon */
};

/* A process as recognition sees it. exe is NULL where it may not be read. */
struct agent_look {
    const char *exe;
    const char *name; /* comm */
    const struct proc_strings *argv;
    const struct proc_strings *environment;
    enum fact is_program; /* as the agent's is_program says */
};

/* What a client has started a child of its own for. */
enum agent_child {
    AGENT_CHILD_UNKNOWN, /* it bears no mark, or its marks may not be read */
    AGENT_CHILD_TOOL,    /* a command of the model's, or one that the user typed */
    AGENT_CHILD_SEARCH,  /* it searches files for one of the client's tools */
    AGENT_CHILD_HOOK,    /* a hook, or what draws the status line: they look the same */
    AGENT_CHILD_SERVER,  /* an MCP server, or another helper that is there for more than a turn */
};

/* A child of a client, as it is seen. */
struct agent_child_look {
    const struct proc_strings *argv;
    const struct proc_strings *environment; /* NULL: may not be read */
    const struct proc_strings *client_environment;
    bool is_in_group; /* its process group is the client's */
};

/* Where a client finds its model. */
struct agent_api {
    uint16_t port;         /* of the connection: the proxy's where there is one */
    bool is_first_party;   /* the vendor's own address */
    int64_t api_timeout_s; /* that the user has set; 0: not set */
};

/* An agent's own directory ("config directory"), open. */
struct agent_store {
    int fd;
    const char *path; /* as this program opens it */
    struct arena *arena;
    struct problems *problems;
};

/* What a client publishes about its running process. NULL and 0: not said. */
struct agent_registration {
    int code;         /* negative errno: it could not be read, and only file and pid (as the file is
                         named) are known, and of one that was read and is torn (-EBADMSG), as a
                         client may leave it, changed_at; else 0 */
    const char *file; /* below the store, for messages */
    int64_t pid;      /* in the client's own pid namespace */
    uint64_t start_ticks;
    const char *pid_namespace; /* "pid:[4026531836]" */
    const char *session_id, *cwd, *version, *kind, *entrypoint;
    const char *status;      /* "idle", "busy", "waiting", "shell" */
    const char *waiting_for; /* "permission prompt" */
    bool is_spare;           /* no session was given to it yet */
    const char *job_id;      /* of a background session: what the client calls it by */
    struct wall started_at, changed_at, status_at;
};

/* Of a user's settings, what matters here. */
struct agent_settings {
    const char *model; /* as the user asks for it; NULL: not set */
    int64_t days_kept; /* transcripts not written to for so long are deleted by a client */
};

/* What a listing tells of a session, where its agent keeps that apart from its records. */
struct agent_listed {
    const char *cwd;         /* that it is resumed in */
    struct wall archived_at; /* the user has put it out of sight; unknown: not so */
};

/* One session's transcript in a store. */
struct agent_transcript {
    const char *session_id;
    const char *path; /* below the store; of one that no file holds (agent_records): a name that no
                         file has, in the folder that project_folder says */
    int64_t size_bytes; /* negative: not known */
    struct wall modified_at;
    const struct agent_listed *listed; /* NULL: its records tell */
};

/* Which records of a session are read. */
enum agent_extent {
    AGENT_WHOLE,
    AGENT_BEGINNING, /* with what tells how it began */
    AGENT_END,       /* the last turn at least, in bounds */
};

/* Takes the next bytes. Returns: 0; a negative result ends what calls it, with that. */
typedef int agent_sink(void *context, const char *bytes, size_t n);

/* How a transcript came to lie where the client does not look. */
enum agent_stray_kind {
    AGENT_STRAY_NAME, /* in the right folder, under another name: "ID (1).jsonl", "notes.jsonl" */
    AGENT_STRAY_DEEP, /* one folder too deep */
    AGENT_STRAY_TOP,  /* beside the folders */
};

/* A session's transcript that no client finds by the session's id. */
struct agent_stray {
    enum agent_stray_kind kind;
    const char *session_id; /* as its name says, else its records */
    const char *path;       /* below the store */
    const char *folder;     /* that it would be found in, below the store; NULL: that of the
                               directory that its records name */
    int64_t size_bytes;
};

/* A prompt that was typed, as the agent's history of prompts has it. */
struct agent_prompt {
    const char *session_id; /* that it was typed in */
    const char *text;
    const char *pasted; /* texts that it stands for as "[Pasted text #1 ...]"; NULL: none */
    const char *cwd;    /* that session's; NULL: not said */
    struct wall at;
    bool is_said_to_model; /* else it need never become part of a conversation */
};

/* The last of them, or all of a session, the oldest first. */
struct agent_prompts {
    struct agent_prompt *items;
    size_t count, capacity;
    bool is_whole;           /* all that there are; else: */
    struct wall known_since; /* none after this moment is missing */
};

/* A session that the history of prompts names, and how many of its lines do. */
struct agent_prompted {
    const char *session_id;
    size_t count;
};

/* A session that something is left of, and no transcript. */
struct agent_trace {
    const char *session_id;
    const char *folder;      /* its own, below the store; one of several */
    bool is_beside;          /* "<folder>.jsonl" is where its transcript was */
    struct wall modified_at; /* the folder, or what stands in it */
};

/* Both in the order of their ids. */
struct agent_traces {
    struct agent_trace *items;
    size_t count, capacity;
    const char *const *with_transcript; /* the sessions that have one */
    size_t with_transcript_count;
};

/* What a file is of, where it is all that is left. */
enum agent_part {
    AGENT_PART_OTHER,       /* of no interest to who looks for what was said or done */
    AGENT_PART_SUBAGENT,    /* a subagent's transcript */
    AGENT_PART_TOOL_RESULT, /* what a tool answered, as it was too long for the transcript */
    AGENT_PART_VERSION,     /* a file of the user's, as it was before the session changed it */
    AGENT_PART_LIST,        /* things to do */
    AGENT_PART_BESIDE,      /* what goes with one of these, and says nothing by itself */
    AGENT_PARTS
};

/* What a client draws: a question in place of the box for the prompt, and the line of its state. */
struct agent_screen {
    enum fact asks;   /* FACT_NO: the box is there */
    const char *line; /* of its state, as it stands there; NULL: not found, and nothing below */
    bool is_retrying; /* a request failed, and it says that it tries again; else, nothing below */
    const char *why, *due, *until; /* "Session limit reached", "1h"; "5:55am", NULL: not said */
    int64_t due_in_s;              /* at least */
    int64_t attempt, of;
};

/* Of a client, what decides whether it saves what is said. */
struct agent_saving {
    const struct proc_strings *argv;
    const struct proc_strings *environment; /* NULL: not known */
    bool is_registered;
    enum sr_kind kind;
};

/* What a file is to a session. */
enum agent_file_kind {
    AGENT_FILE_TRANSCRIPT,
    AGENT_FILE_OWN,     /* the session's alone, below the store */
    AGENT_FILE_SHARED,  /* its project's or its user's; others use it too */
    AGENT_FILE_LINES,   /* lines of a file of the user's that name the session */
    AGENT_FILE_RECORD,  /* of the running process: kept to know, never put back */
    AGENT_FILE_OUTSIDE, /* below the client's folder for temporary files: likewise */
    AGENT_FILE_SALVAGE, /* no file of the client's: what a backup took from its memory */
};

/* One file of a session. */
struct agent_file {
    enum agent_file_kind kind;
    int at;              /* what path is below: the store, or agent_files.outside */
    const char *path;    /* to open it by */
    const char *name;    /* in a backup; but for OUTSIDE, the same as below the store */
    const char *root;    /* the real path of at; NULL: the store's */
    struct sv key, mark; /* LINES: what such a line holds, as struct line_filter says it */
    const struct agent_transcript *rows; /* its records are in no file: agent_records writes them,
                                            and at is not to be opened */
    bool is_lines;                       /* JSONL, appended to while the session lives */
    struct fs_file seen;                 /* when it was listed */
};

/* One thing that is there and is not copied. */
struct agent_left_out {
    const char *path;
    const char *why; /* "symbolic link to ..." */
    bool is_lost;    /* it should have been copied, and cannot be read */
};

/*
 * Folders as they were listed last, for many calls of list_files in a row: a
 * store keeps thousands of sessions in one folder. A listing is used again only
 * while its folder has the same change times; what the clients publish, whose
 * files are rewritten in place, for a second. Start with {0}; agent_listings_release.
 */
struct agent_listings {
    struct arena arena;
    struct agent_listing *items;
    size_t count, capacity;

    /* of one store at a time */
    struct arena registry_arena;
    const char *registry_store;     /* its path; NULL: none was read */
    struct agent_store registry_of; /* the same store, with that arena */
    struct awake registry_at;
    struct lookup registry_lookup;
    struct agent_registration *registry;
    size_t registry_count;
};

/* As fs_list of all names. Owner of the names: the listings, until the folder is listed again. */
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
    struct agent_file *items; /* the transcript, where there is one, is the first */
    size_t count, capacity;
    struct agent_left_out *left_out;
    size_t left_out_count, left_out_capacity;
    int outside;              /* its descriptor, -1: none; agent_files_release closes it */
    int places[AGENT_PLACES]; /* folders that links led to, likewise */
    size_t place_count;
};

/* Appends to left_out. */
void agent_leave_out(struct agent_files *files, const char *path, const char *why, bool is_lost);
void agent_files_release(struct agent_files *files);

/*
 * Of what reads a store: what cannot be read goes to store->problems, and makes the answer unknown:
 * out then holds what could be read, and more may be there. Found: out holds all that is
 * there, which may be nothing; absent: there is no such folder or file, and out is empty.
 * Owner of results and of lookup.where: store->arena.
 */

/* How its processes are told from others, and what they say of themselves. */
struct agent_process {
    /* By its program file (or, where that may not be read, its name) alone:
     * worth a look at its command line? Cheap, asked of every process. */
    bool (*could_be)(const char *exe, const char *name);
    enum agent_role (*role)(const struct agent_look *look);
    /* The session id on a command line. Returns: false where there is none. */
    bool (*session_in_argv)(const struct proc_strings *argv, struct sv *session_id);
    /* NULL from here on: nothing of the kind is known. By what is in the file that it runs. Asked
     * of those alone that could_be; reads files. Returns: FACT_UNKNOWN where nothing can be said,
     * or nothing needs to. */
    enum fact (*is_program)(const struct proc *proc, pid_t pid, const struct agent_look *look);
    /* It is a program of its own, and publishes itself as soon as it runs. */
    bool (*is_native)(const char *exe);
    enum sr_kind (*kind)(const char *registered_kind, const char *entrypoint,
                         const struct proc_strings *argv);
    const char *entrypoint_variable; /* NULL: there is none */
};

/* Where an agent keeps what is its user's. */
struct agent_home {
    /* From the environment of a process. Returns: NULL when not known. */
    const char *(*config_dir)(struct arena *a, const struct proc_strings *environment,
                              const char *home, bool *is_default);
    /* What the user has set; what is not known counts as not set. NULL: there is nothing to set. */
    struct lookup (*read_settings)(const struct agent_store *store, struct agent_settings *out);
    /* The variable that names another, and what of a directory's path it holds: the beginning
     * before this ("/opencode"; NULL: all of it). The one for temporary files; NULL: none. */
    const char *variable, *below_variable, *temporary_variable;
};

/* The transcripts in a store. */
struct agent_stored {
    const char *top; /* the folder that all of them lie in: "projects" */
    /* NULL: transcripts are no files */
    /* After the id in a transcript's path: ".jsonl"; "/events.jsonl", where a folder is called by
     * the id. */
    const char *suffix;
    bool (*is_id)(struct sv id);
    /* A word is the beginning of one, of so many characters that it may stand for it; a pid has at
     * most 7 (PID_MAX_LIMIT is 4194304). */
    bool (*begins_id)(const char *word);
    bool ids_ignore_case; /* and are kept in lower case */
    /* Cuts the path of a transcript where the store ends. Returns: false for any other path. NULL:
     * its transcripts are no files. */
    bool (*split)(struct arena *a, const char *path, const char **store, const char **below);
    /* The folder, below the store, that sessions started in cwd are kept in. */
    const char *(*project_folder)(struct arena *a, const char *cwd);
    struct lookup (*list_folder)(const struct agent_store *store, const char *folder,
                                 struct agent_transcript **transcripts, size_t *count);
    struct lookup (*list_all)(const struct agent_store *store,
                              struct agent_transcript **transcripts, size_t *count);
    /* Looks in the folder of cwd first (cwd may be NULL), then everywhere. out: only where it is
     * found. */
    struct lookup (*find)(const struct agent_store *store, const char *session_id, const char *cwd,
                          struct agent_transcript *out);
    /* NULL from here on: there is nothing of the kind. Folder of subagents, in that which is called
     * as a transcript is without its suffix. */
    const char *subagents;
    /* The files beside a transcript that grow with it: its subagents'. */
    struct lookup (*list_subagents)(const struct agent_store *store,
                                    const struct agent_transcript *of,
                                    struct agent_transcript **transcripts, size_t *count);
    /* The user has put the session out of sight; since when. FACT_UNKNOWN: it cannot be read. */
    enum fact (*is_archived)(const struct agent_store *store, const struct agent_transcript *t,
                             struct wall *since);
    /* The folders, below the store, in which something appears or grows with every session. */
    void (*list_watched)(const struct agent_store *store, const char *const **folders,
                         size_t *count);
    const char *const *watched_suffixes; /* of the files there that count; ends with NULL */
};

/* All that is of one session: what a backup holds, and how it is put back. */
struct agent_bundle {
    /*
     * Every file that belongs to a session: what a lossless copy must hold. of->path NULL: it has
     * no transcript, and what carries its id is looked for everywhere. Credentials are not
     * among them, keys are left out; what cannot be read is said to be. temporary is the folder
     * in which the client keeps its temporary files ("/tmp"). Owner: agent_files_release; strings:
     * the store's arena.
     */
    void (*list_files)(const struct agent_store *store, const struct agent_transcript *of,
                       const char *temporary, struct agent_listings *listings,
                       struct agent_files *out);
    /* How many folders at the beginning of a path below the store may be links of the user's:
     * no more than are well known. NULL: none. */
    size_t (*linked_parts)(const char *path);
    /* A name in a backup, as it is for another session id and project folder. NULL: what is in a
     * backup cannot be put back yet. */
    const char *(*renamed)(struct arena *a, const char *name, const char *old_id,
                           const char *new_id, const char *project_folder);
};

/* The records of a session that no file holds, as lines: each one JSON object. */
struct agent_records {
    /* All of one moment. Returns: 0, negative errno with the reason in store->problems, or what the
     * sink returned. Blocks: no longer than some seconds, for a writer. */
    int (*write)(const struct agent_store *store, const struct agent_transcript *of,
                 enum agent_extent extent, agent_sink *sink, void *context);
    const char *kind; /* of the part that they are: "rows" */
    const char *file; /* that holds them, below the store */
};

/* What its processes publish about themselves. */
struct agent_registry {
    struct lookup (*read)(const struct agent_store *store, struct agent_registration **entries,
                          size_t *count);
};

/* The marks on what its processes start. */
struct agent_children {
    enum agent_child (*started_for)(const struct agent_child_look *look);
    /* A variable of its tool children: the session that they work for. */
    const char *session_variable;
};

/* The prompts that were typed, kept apart from the transcripts. */
struct agent_history {
    const char *file; /* below the store, for messages */
    /* The end of it, in bounds, of what is said to the model alone. Returns: 0,
     * -ENOENT where there is none, or negative errno. Owner: the store's arena. */
    int (*read_end)(const struct agent_store *store, struct agent_prompts *out);
    /* All prompts of a session, or (NULL) of all, among the last bytes of the history. */
    struct lookup (*read)(const struct agent_store *store, const char *session_id,
                          int64_t end_bytes, struct agent_prompts *out);
    /* Who has prompts among the last bytes of the history, in the order of their ids. is_whole:
     * there are no more bytes. */
    struct lookup (*list_sessions)(const struct agent_store *store, int64_t end_bytes,
                                   struct agent_prompted **out, size_t *count, bool *is_whole);
};

/* What lies where the client does not look, or without its transcript. */
struct agent_remains {
    struct lookup (*list_strays)(const struct agent_store *store, struct agent_stray **strays,
                                 size_t *count);
    /* Sessions of which a folder with files is there, and no transcript is seen; prefixes: of these
     * only (none: all). */
    struct lookup (*list_traces)(const struct agent_store *store, const char *const *prefixes,
                                 size_t prefix_count, struct agent_traces *out);
    /* By a file's name in list_files. */
    enum agent_part (*part_of)(const char *name);
    /* The name for people of a subagent, by its transcript. Owner: the arena. */
    const char *(*subagent_name)(struct arena *a, int at, const char *path);
};

/* What tells whether a client writes its conversation down. */
struct agent_saves {
    /* By what the client was told to save nothing, a variable's or an option's name; NULL: it was
     * not. certain: false where that depends on what cannot be seen. */
    const char *(*nothing)(const struct agent_saving *client, bool *is_certain);
    /* By what of its command line the client has loaded an earlier conversation, an option's name;
     * NULL: by none. */
    const char *(*takes_up)(const struct proc_strings *argv);
    /* Files that are written while a session goes on, below a folder of transcripts, whether or not
     * its transcript is. */
    enum fact (*has_side_files)(const struct agent_store *store, const char *folder,
                                const char *session_id);
};

/* The tools that its model calls, by their names. NULL: there are none of the kind. */
struct agent_tools {
    /* It is answered by an MCP server. */
    bool (*is_mcp)(const char *name);
    /* The name that the user has given that server. Returns: {0} where it answers no such tool. */
    struct sv (*mcp_server)(const char *tool);
    /* It is a question to the user. */
    bool (*is_question)(const char *name);
};

/* The model, and the way to it. */
struct agent_model {
    struct agent_api (*api)(const struct proc_strings *environment);
    /*
     * How many tokens a conversation with that model may hold. asked: how the user asked for the
     * model, where known ("sonnet[1m]"), else NULL. Returns: 0 when model is NULL.
     */
    int64_t (*context_window)(const char *model, const char *asked);
    /* How the user asked for a model, on the command line or in the environment; NULL: not so. */
    const char *(*asked)(const struct proc_strings *argv, const struct proc_strings *environment);
    /* The variable that asks for one. */
    const char *variable;
};

/* What its terminal shows. screen: lines of text. Owner: the arena. */
struct agent_terminal {
    void (*read)(struct sv screen, struct arena *a, struct agent_screen *out);
    /* With escape sequences. What is typed and was not sent. Returns: false where there is no box
     * for it; *typed is empty when nothing is typed. */
    bool (*read_prompt)(struct sv screen, struct arena *a, struct sv *typed);
};

/* What may be done to its processes, as it was tried: SIGTERM ends a client, which writes down
 * before what it has. */
struct agent_control {
    /* A question is on its screen to which Escape would be an answer. NULL: not known, and Escape
     * is not pressed. */
    bool (*shows_dialog)(const char *screen);
    /* A request whose connection is closed from outside is sent again, and nothing is lost. */
    bool asks_again;
    /* It keeps its terminal in raw mode while it is in front. */
    bool keeps_raw_mode;
};

/* Its transcripts are lines of one JSON object each: which of them are whole is told, where nothing
 * more is known of what its client makes of them. */
struct agent_lines {
    /* What its client does with what is no whole record on a line of its own, as it was tried.
     * Returns: NULL: not tried. */
    const char *(*client_does)(enum damage_kind kind);
};

/* The rules of repair/ are those by which its client loads a transcript. */
struct agent_repair {
    const char *id_member; /* of its records: the session's id */
};

/* A reply of which a half was found. Owner: the caller. */
struct agent_reply {
    const char *text;
    const char *parent;  /* the record that it answers */
    const char *uuid[3]; /* for the new records */
    const char *session_id;
    const char *cwd, *version; /* as the transcript says; NULL: it does not */
};

struct memory_search_search;
struct memory_search_found;
/* What its memory holds that is on no disk. */
struct agent_salvage {
    void (*find)(const struct memory_search_search *search, struct arena *a,
                 struct memory_search_found *out);
    /* What is typed in its prompt box, as memory_search_find_typed. */
    bool (*find_typed)(const struct memory_search_search *search, struct sv shown, struct arena *a,
                       struct sv *typed);
    /* Appends the records that a client itself writes when its user stops such a reply. */
    void (*add_records)(const struct agent_reply *reply, struct buf *out);
};

/* Commands that a user can type. */
struct agent_commands {
    /* Appends the command that resumes a session from its directory. */
    void (*resume)(struct buf *out, const char *session_id);
    /* Appends the command that opens a session that runs in the background. NULL: there are none.
     */
    void (*attach)(struct buf *out, const char *job_id);
};

/*
 * One kind of agent: names, and a table for each thing that can be done with it. Those of the
 * first group every agent has. One of the second is NULL where an agent cannot: then the
 * functions below, which all callers use for these, give the answer of an agent that has nothing
 * of the kind, or that nobody knows about.
 */
struct agent {
    const char *name;    /* in JSON and of --agent: "claude" */
    const char *title;   /* to people: "Claude" */
    const char *product; /* "Claude Code" */
    const char *vendor;  /* in the name of a folder for backups: "anthropic" */
    const struct agent_process *process;
    const struct agent_home *home;
    const struct agent_stored *stored;
    const struct agent_bundle *bundle;
    const struct event_reader *reader; /* of its transcripts' records */
    const struct agent_commands *commands;

    const struct agent_records *records;
    const struct agent_registry *registry;
    const struct agent_children *children;
    const struct agent_history *history;
    const struct agent_remains *remains;
    const struct agent_saves *saves;
    const struct agent_tools *tools;
    const struct agent_model *model;
    const struct agent_terminal *terminal;
    const struct agent_control *control; /* NULL: no process of it is ended or pushed */
    const struct agent_lines *lines;
    const struct agent_repair *repair; /* NULL: nothing is known that mends it */
    const struct agent_salvage *salvage;
    const struct agent_timing *timing; /* measured on its clients */
};

/* The records of a transcript: its file, or those of that extent in a file without a name (whose
 * size they have). Returns: 0 or negative errno. Owner: the caller closes out->fd. */
int agent_open_records(const struct agent *agent, const struct agent_store *store,
                       const struct agent_transcript *of, enum agent_extent extent,
                       struct fs_file *out);
/* Not known. */
enum fact agent_is_program(const struct agent *agent, const struct proc *proc, pid_t pid,
                           const struct agent_look *look);
bool agent_is_native(const struct agent *agent, const char *exe);
enum sr_kind agent_kind(const struct agent *agent, const char *registered_kind,
                        const char *entrypoint, const struct proc_strings *argv);
/* Nothing is set; there are none; no; none. */
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
/* name: of the agent's variables; NULL where it has none, and then nothing is set. */
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
/* Absent; of no interest. */
struct lookup agent_list_strays(const struct agent *agent, const struct agent_store *store,
                                struct agent_stray **strays, size_t *count);
struct lookup agent_list_traces(const struct agent *agent, const struct agent_store *store,
                                const char *const *prefixes, size_t prefix_count,
                                struct agent_traces *out);
enum agent_part agent_part_of(const struct agent *agent, const char *name);
/* -ENOTSUP: nobody can say, and a client is not ended without a backup by that; *told_by,
 * *is_certain and *option as the table's functions say. */
int agent_saves_nothing(const struct agent *agent, const struct agent_saving *client,
                        const char **told_by, bool *is_certain);
int agent_takes_up(const struct agent *agent, const struct proc_strings *argv, const char **option);
enum fact agent_has_side_files(const struct agent *agent, const struct agent_store *store,
                               const char *folder, const char *session_id);
/* No. */
bool agent_is_mcp_tool(const struct agent *agent, const char *name);
struct sv agent_mcp_server(const struct agent *agent, const char *tool);
bool agent_is_question_tool(const struct agent *agent, const char *name);
/* Not known: port 0; 0; NULL. */
struct agent_api agent_api_of(const struct agent *agent, const struct proc_strings *environment);
int64_t agent_context_window(const struct agent *agent, const char *model, const char *asked);
const char *agent_asked_model(const struct agent *agent, const struct proc_strings *argv,
                              const struct proc_strings *environment);
/* Not known: false. */
bool agent_keeps_raw_mode(const struct agent *agent);
/* Not tried: NULL. */
const char *agent_does_with(const struct agent *agent, enum damage_kind kind);
/* Never NULL. */
const struct agent_timing *agent_timing_of(const struct agent *agent);
/* Nothing is known, or found. */
void agent_read_screen(const struct agent *agent, struct sv screen, struct arena *a,
                       struct agent_screen *out);
bool agent_read_typed(const struct agent *agent, struct sv screen, struct arena *a,
                      struct sv *typed);

extern const struct agent agent_claude, agent_opencode;

/* Puts transcripts in order, those written to last first. */
void agent_sort_newest_first(struct agent_transcript *transcripts, size_t count);

/* All agents; ends with NULL. The first is the one that is meant where none is named. */
extern const struct agent *const agents[];

/* Returns: NULL when there is no agent of that name. */
const struct agent *agent_by_name(const char *name);

/* Hexadecimal digits and dashes, 8 of them at least: of ids that are UUIDs. */
bool agent_begins_uuid(const char *word);
/* Of any agent. */
bool agent_is_id(struct sv id);
/* The agent whose ids begin so. Returns: NULL: none's. */
const struct agent *agent_of_prefix(const char *word);

/* The suffix that a transcript's path ends in; NULL: no agent's. */
const char *agent_suffix_of(const char *path);
/* A file of that name in a watched folder tells of a session. */
bool agent_is_watched(struct sv name);
/* The id in a transcript's path, with nothing around it. Returns: false for any other path. */
bool agent_names_transcript(const char *path, struct sv *id);
/* Of a transcript's path: what stands before its own part, which begins with the name that has the
 * id; as project_folder says it. Empty: nothing does. */
struct sv agent_folder_of(const struct agent *agent, const char *path);
/* What the name of a transcript's file ends in; NULL: it is none. */
const char *agent_file_suffix(const struct agent *agent);
/* Whether a path leads through a folder of subagents; and that which goes with a transcript: NULL
 * where its path is no transcript's. */
bool agent_is_subagents(const char *path);
const char *agent_subagents_of(struct arena *a, const char *transcript);
/* The file of a backup, by its name there, is among the transcripts. */
bool agent_is_stored(const struct agent *agent, const char *name);

/* NULL: of the one that is meant where none is named. Returns: a name that is not known as it is.
 */
const char *agent_title(const char *name);
