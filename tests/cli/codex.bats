#!/usr/bin/env bats
# Sessions of Codex: rollouts that each test writes, and a stand-in for its program that holds them
# open and locked as the real one does.

load helper

A=01a21e54-aaaa-7000-8000-00000000000a
B=01a21e54-bbbb-7000-8000-00000000000b
C=01a21e54-cccc-7000-8000-00000000000c
CHILD=01a21e55-0000-7000-8000-00000000000d

setup()
{
    command -v python3 >/dev/null || skip "no Python here"
    scratch_project
    CODEX=$HOME/.codex
    PENDING=$BATS_TEST_TMPDIR/pending
    mkdir -p "$CODEX/sessions/2026/11/27" "$CODEX/thread-writer-locks" "$BATS_TEST_TMPDIR/bin"
    ONLY=(--config-dir "$CODEX")
    DIRS=(--pending-dir "$PENDING" --log-dir "$BATS_TEST_TMPDIR/log")
    # a native program of the size that the real one has: it runs what stands behind -c, an option of both
    program=$BATS_TEST_TMPDIR/bin/codex
    cp "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" "$program"
    PYTHONHOME=$(python3 -c 'import sys; print(sys.base_prefix)')
    truncate -s 20M "$program"
}

teardown() { end_started; }

rollout() { echo "$CODEX/sessions/2026/11/27/rollout-2026-11-27T18-21-17-$1.jsonl"; }

# record SECONDS_AGO TYPE PAYLOAD: appended to the rollout of $id
record()
{
    printf '{"timestamp":"%s","ordinal":1,"type":"%s","payload":%s}\n' \
        "$(date -u -d "-$1 seconds" +%FT%T.%3NZ)" "$2" "$3" >>"$(rollout "$id")"
}

# add_session ID PROMPT SECONDS_AGO [SOURCE]: a prompt with its answer
add_session()
{
    id=$1
    record "$3" session_meta "{\"id\":\"$1\",\"cwd\":\"$project\",\"cli_version\":\"0.171.0\",\"source\":${4-\"cli\"}}"
    record "$3" event_msg '{"type":"task_started"}'
    record "$3" event_msg "{\"type\":\"user_message\",\"message\":\"$2\"}"
    record "$3" response_item '{"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"well"}]}'
    record "$3" event_msg '{"type":"task_complete"}'
}

HOLD='
import fcntl, os, sys, time
kept = []
for path in filter(None, os.environ["HOLDS"].split(":")):
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    if path.endswith(".lock"):
        fcntl.flock(fd, fcntl.LOCK_EX)
    kept.append(fd)
if os.environ.get("TERMINAL"):
    master, slave = os.openpty()
    os.dup2(slave, 0)
    os.close(slave)
    if os.environ["TERMINAL"] == "gone":
        os.close(master)
open(os.environ["READY"], "w").close()
time.sleep(300)'

# hold FILES [ARGUMENT...]: a process that has these open, separated by colons: $started
hold()
{
    local ready=$BATS_TEST_TMPDIR/ready.$RANDOM
    start env -i -C "$project" PYTHONHOME="$PYTHONHOME" HOME="$HOME" PATH="$PATH" HOLDS="$1" READY="$ready" TERMINAL="${TERMINAL-}" "$program" -c "$HOLD" "${@:2}"
    wait_until 60 test -e "$ready"
}

lock_of() { echo "$CODEX/thread-writer-locks/$1.lock"; }

# the mapping of the session whose id begins so
row() { json ".sessions.filter(s => s.session_id == \"$1\").map(s => [s.mapping.by, s.mapping.confidence, s.pid, s.owner_pid, s.ui_pids.join(\"+\")].join()).join(\";\")"; }

@test "a home without sessions has none" {
    rm -r "$CODEX/sessions"
    rescue --status "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $stderr != *"$CODEX"* ]]
}

@test "stored sessions are listed with their commands, what another has started for itself is not" {
    add_session "$A" "buy milk" 7200
    add_session "$CHILD" "look for milk" 7200 "{\"subagent\":{\"thread_spawn\":{\"parent_thread_id\":\"$A\"}}}"
    mkdir "$CODEX/archived_sessions"
    add_session "$B" "old" 9000
    mv "$(rollout $B)" "$CODEX/archived_sessions/"
    rescue --resume --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions.map(s => s.session_id).join()')" = "$A" ]
    [ "$(json '.sessions[0].agent')" = codex ]
    [ "$(json '.sessions[0].first_prompt')" = "buy milk" ]
    [ "$(json '.sessions[0].cwd')" = "$project" ]
    rescue_apart --resume --json --agent codex
    [ "$(json ".sessions.find(s => s.session_id == \"$A\").resume_command")" = "cd $project && codex resume $A" ]
}

@test "one daemon with three sessions is three rows with one owner, and who draws one is its UI" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 30
    hold "$(rollout $A):$(lock_of $A):$(rollout $B):$(lock_of $B):$(lock_of $C)" app-server --listen unix:// --managed-daemon
    daemon=$started
    id=$B record 0 event_msg '{"type":"user_message","message":"more"}'
    hold "" resume "$A"
    ui=$started
    rescue --status --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions.length')" -eq 3 ]
    [ "$(row $A)" = "descriptor,exact,$daemon,$daemon,$ui" ]
    [ "$(row $B)" = "descriptor,exact,$daemon,$daemon," ]
    [ "$(row $C)" = "lock,exact,$daemon,$daemon," ]
    [ "$(json ".sessions.find(s => s.session_id == \"$A\").verdict")" = idle ]
    [ "$(json ".sessions.find(s => s.session_id == \"$B\").verdict")" = working ]
    # less than 30 s old
    [ "$(json ".sessions.find(s => s.session_id == \"$C\").cause")" = starting ]
}

# log_row SECONDS NANOSECONDS TARGET PROCESS THREAD BODY: as the real ones are written
log_row()
{
    python3 -c '
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE IF NOT EXISTS logs(id INTEGER PRIMARY KEY, ts INTEGER, ts_nanos INTEGER, target TEXT, "
           "process_uuid TEXT, thread_id TEXT, feedback_log_body TEXT)")
db.execute("INSERT INTO logs VALUES(NULL, ?, ?, ?, ?, NULLIF(?, \"\"), ?)", sys.argv[2:])
db.commit()' "$CODEX/${LOG-logs_2}.sqlite" "$@"
}

begun() { echo "app_server.request{otel.name=\"thread/start\" rpc.method=\"thread/start\" app_server.connection_id=$1 v=2}: made"; }

@test "who draws which session is told by the log, and not where two began in one moment" {
    add_session "$A" "buy milk" 60
    elsewhere=$project
    project=$BATS_TEST_TMPDIR/elsewhere
    mkdir "$project"
    add_session "$B" "buy bread" 60
    project=$elsewhere
    hold "$(rollout $A):$(lock_of $A):$(rollout $B):$(lock_of $B)" app-server --listen unix://
    daemon=$started
    hold ""
    ui=$started
    at=$(date +%s)
    log_row "$at" 500000000 codex_tui::app::startup "pid:$ui:x" "" "connected app-server platform"
    log_row "$at" 502000000 codex_app_server::message_processor "pid:$daemon:y" "" \
        "app-server request: thread/attachment/list connection_id=ConnectionId(3) request_id=1"
    log_row "$at" 700000000 codex_core::shell_snapshot "pid:$daemon:y" "$A" "$(begun 3)"
    log_row "$at" 710000000 codex_core::shell_snapshot "pid:$daemon:y" "$B" "$(begun 31)"
    rescue --status --json "${ONLY[@]}"
    [ "$(row $A)" = "descriptor,exact,$daemon,$daemon,$ui" ]
    [ "$(row $B)" = "descriptor,exact,$daemon,$daemon," ]
    # of several logs, the one of the newest form
    mv "$CODEX/logs_2.sqlite" "$CODEX/logs_10.sqlite"
    LOG=logs_9 log_row "$at" 1 other "pid:$daemon:y" "" "nothing"
    LOG=logs_10
    rescue --status --json "${ONLY[@]}"
    [ "$(row $A)" = "descriptor,exact,$daemon,$daemon,$ui" ]
    # that is no longer in the log: its directory tells
    python3 -c 'import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute("DELETE FROM logs WHERE thread_id IS NULL AND target LIKE \"codex_app%\""); d.commit()' "$CODEX/logs_10.sqlite"
    rescue --status --json "${ONLY[@]}"
    [ "$(row $A)" = "descriptor,exact,$daemon,$daemon,$ui" ]
    # both are in one directory
    sed -i "s,$BATS_TEST_TMPDIR/elsewhere,$project," "$(rollout $B)"
    rescue --status --json "${ONLY[@]}"
    [ "$(row $A)" = "descriptor,exact,$daemon,$daemon," ]
    [ "$(json ".sessions.filter(s => s.pid == $ui).map(s => s.session_id).join()")" = "" ]
    [ "$(json ".sessions.filter(s => s.pid == $ui).length")" -eq 1 ]
}

@test "a lock file that nobody has locked, and a rollout that is only read, are nobody's" {
    add_session "$A" "buy milk" 60
    touch "$(lock_of $A)"
    READY=$BATS_TEST_TMPDIR/ready
    start env -i PYTHONHOME="$PYTHONHOME" HOME="$HOME" PATH="$PATH" READY="$READY" A="$(rollout $A)" L="$(lock_of $A)" "$program" -c \
        'import os, time; a = open(os.environ["A"]); b = open(os.environ["L"]); open(os.environ["READY"], "w"); time.sleep(300)' app-server
    wait_until 60 test -e "$READY"
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
    rescue --resume --json "${ONLY[@]}"
    [ "$(json '.sessions[0].no_command')" = null ]
}

@test "what is only called so is no client" {
    add_session "$A" "buy milk" 60
    cp "$TEST_PROGRAMS/fake-agent" "$BATS_TEST_TMPDIR/small"
    mkdir "$BATS_TEST_TMPDIR/other"
    printf '#!/bin/sh\nsleep 300\n' >"$BATS_TEST_TMPDIR/other/codex"
    chmod +x "$BATS_TEST_TMPDIR/other/codex"
    start env -i HOME="$HOME" PATH="$PATH" "$BATS_TEST_TMPDIR/other/codex"
    hold "$(rollout $A)" app-server daemon pid-update-loop
    hold "$(rollout $A)" login
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
}

@test "a backup holds its own session's words alone, no secret, and is put back where it was" {
    add_session "$A" "MARK-OF-A" 60
    add_session "$B" "MARK-OF-B" 60
    add_session "$CHILD" "look" 60 "{\"subagent\":{\"thread_spawn\":{\"parent_thread_id\":\"$A\"}}}"
    echo '{"token":"SECRET"}' >"$CODEX/auth.json"
    echo 'SECRET' >"$CODEX/installation_id"
    echo 'key = "SECRET"' >"$CODEX/config.toml"
    mkdir "$CODEX/shell_snapshots"
    echo 'export X=SECRET' >"$CODEX/shell_snapshots/$A.17.sh"
    printf '{"session_id":"%s","ts":1,"text":"MARK-OF-A"}\n{"session_id":"%s","ts":2,"text":"MARK-OF-B"}\n' $A $B >"$CODEX/history.jsonl"
    printf '{"id":"%s","thread_name":"of a"}\n{"id":"%s","thread_name":"MARK-OF-B"}\n' $A $B >"$CODEX/session_index.jsonl"
    python3 -c '
import sqlite3, sys
home, a, b, child = sys.argv[1:]
state, goals, queue, log = (sqlite3.connect(f"{home}/{name}.sqlite") for name in ("state_5", "goals_1", "queue_1", "logs_2"))
state.execute("CREATE TABLE threads(id TEXT PRIMARY KEY, name TEXT, is_pinned INTEGER)")
state.execute("CREATE TABLE thread_spawn_edges(parent_thread_id TEXT, child_thread_id TEXT PRIMARY KEY)")
state.executemany("INSERT INTO threads VALUES(?, ?, 1)", [(a, "NAME-OF-A"), (b, "MARK-OF-B")])
state.execute("INSERT INTO thread_spawn_edges VALUES(?, ?)", (a, child))
state.execute("CREATE TABLE remote_control_enrollments(account_id TEXT)")
state.execute("INSERT INTO remote_control_enrollments VALUES(?)", ("SECRET",))
goals.execute("CREATE TABLE thread_goals(thread_id TEXT, objective TEXT)")
goals.executemany("INSERT INTO thread_goals VALUES(?, ?)", [(a, "GOAL-OF-A"), (b, "MARK-OF-B")])
queue.execute("CREATE TABLE queued_items(id TEXT, thread_id TEXT, payload_json TEXT, queue_order INTEGER)")
queue.executemany("INSERT INTO queued_items VALUES(?, ?, ?, 1)", [("1", a, "QUEUED-OF-A"), ("2", b, "MARK-OF-B")])
log.execute("CREATE TABLE logs(thread_id TEXT, body TEXT)")
log.execute("INSERT INTO logs VALUES(NULL, ?)", ("MARK-OF-B",))
for db in state, goals, queue, log:
    db.commit()' "$CODEX" "$A" "$B" "$CHILD"
    head -c 4096 /dev/zero >"$CODEX/goals_2.sqlite" # of no form
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    run ! grep -rlE 'MARK-OF-B|SECRET' "$PENDING"
    for word in '"is_pinned":1' NAME-OF-A "$CHILD" GOAL-OF-A QUEUED-OF-A; do
        find "$PENDING" -name '*.rows.jsonl' -exec cat {} + | grep -q -- "$word"
    done
    stem=$(basename "$(echo "$PENDING"/*-"$A".jsonl)" .jsonl)
    mkdir "$BATS_TEST_TMPDIR/fresh"
    rescue --restore "$stem" --config-dir "$BATS_TEST_TMPDIR/fresh" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    cmp "$(rollout $A)" "$BATS_TEST_TMPDIR/fresh/sessions/2026/11/27/$(basename "$(rollout $A)")"
    cmp "$(rollout $CHILD)" "$BATS_TEST_TMPDIR/fresh/sessions/2026/11/27/$(basename "$(rollout $CHILD)")"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/fresh/history.jsonl")" -eq 1 ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/fresh/session_index.jsonl")" -eq 1 ]
    [ -z "$(find "$BATS_TEST_TMPDIR/fresh" -name '*sqlite*')" ]
    # not over one that is being written
    truncate -s -10 "$(rollout $A)"
    hold "$(rollout $A):$(lock_of $A)" app-server --listen unix://
    before=$(sha256sum "$(rollout $A)")
    rescue --restore "$stem" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 4 ]
    [ "$(sha256sum "$(rollout $A)")" = "$before" ]
}

@test "what cannot be read is told, and the rest stands" {
    add_session "$A" "buy milk" 60
    mkfifo "$(rollout $B)"
    echo x >"$(rollout $C).zst"
    echo "no database" >"$CODEX/logs_2.sqlite"
    hold "$(rollout $A):$(lock_of $A)" app-server --listen unix://
    hold ""
    rescue --status --json --agent codex "${ONLY[@]}"
    [ "$(row $A)" != "" ]
    rescue --status "${ONLY[@]}"
    [[ $stderr == *logs_2.sqlite* ]]
    rescue --resume "${ONLY[@]}"
    [[ $stderr == *"$(basename "$(rollout $B)")"* ]]
    [[ $stderr == *compressed* ]]
}

@test "another agent's sessions are not looked for in its home, and that is said" {
    add_session "$A" "buy milk" 60
    rescue --status --agent claude "${ONLY[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == "session-rescue: $CODEX: "* ]]
    # a transcript of another agent, of which nobody knows an owner: it stays
    printf 'junk\n{"type":"user","uuid":"a","message":{}}\n' >"$BATS_TEST_TMPDIR/x.jsonl"
    cp "$BATS_TEST_TMPDIR/x.jsonl" "$BATS_TEST_TMPDIR/as-it-was"
    rescue --repair "$BATS_TEST_TMPDIR/x.jsonl" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"look for a live owner: $CODEX: "* ]]
    cmp "$BATS_TEST_TMPDIR/x.jsonl" "$BATS_TEST_TMPDIR/as-it-was"
}

# Says yes to each question of the command, on a terminal, and $NAMES where it has to name a session; before the first,
# $DAEMON begins "$BEGIN".
ANSWER='
import os, pty, signal, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
told, asked, named = b"", 0, 0
try:
    while piece := os.read(fd, 4096):
        told += piece
        if told.count(b"characters of the session") > named:
            named += 1
            os.write(fd, os.environ.get("NAMES", "").encode() + b"\n")
        if told.count(b"? [y") > asked:
            if asked == 0 and "DAEMON" in os.environ:
                os.kill(int(os.environ["DAEMON"]), signal.SIGUSR1)
                while not os.path.exists(os.environ["BEGIN"]):
                    time.sleep(0.01)
            asked += 1
            os.write(fd, b"y\n")
except OSError:
    pass
sys.stdout.write(told.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))'

# agree ARGUMENT...: the program on a terminal, with a yes to each question
agree() { run python3 -c "$ANSWER" "$SESSION_RESCUE" "$@"; }

@test "who shares its process is backed up and asked about before it ends" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 60
    hold "$(rollout $A):$(lock_of $A):$(rollout $B):$(lock_of $B)" app-server --listen unix://
    rescue --kill "$A" --dry-run "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"$B"* ]]
    rescue --kill "$A" "${ONLY[@]}" "${DIRS[@]}" </dev/null
    [ "$status" -ne 0 ]
    kill -0 "$started"
    # who says that A may end has not said it of B
    for dry in "" --dry-run; do
        rescue --kill "$A" --force $dry "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -eq 4 ]
        [[ $stderr == *"runs other sessions too, which end with it: $B; --force ends no session that was not named"* ]]
        kill -0 "$started"
    done
    agree --kill "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"$B. End them all?"* ]]
    ls "$PENDING"/*-"$A".jsonl "$PENDING"/*-"$B".jsonl
    run ! kill -0 "$started"
}

@test "a session that its process begins after the question is not ended unasked" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 60
    add_session "$C" "buy eggs" 60
    HOLD=${HOLD/open(os.environ/'
import signal
def begin(*_):
    kept.append(open(os.environ["C"], "r+"))
    open(os.environ["BEGIN"], "w").close()
signal.signal(signal.SIGUSR1, begin)
open(os.environ'}
    HOLD=${HOLD/time.sleep(300)/'
while True: time.sleep(300)'}
    ready=$BATS_TEST_TMPDIR/ready
    start env -i -C "$project" PYTHONHOME="$PYTHONHOME" HOME="$HOME" PATH="$PATH" READY="$ready" BEGIN="$BATS_TEST_TMPDIR/begun" C="$(rollout $C)" \
        HOLDS="$(rollout $A):$(rollout $B)" "$program" -c "$HOLD" app-server --listen unix://
    wait_until 60 test -e "$ready"
    DAEMON=$started BEGIN=$BATS_TEST_TMPDIR/begun agree --kill "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -ne 0 ]
    [[ $output == *"another session ($C)"* ]]
    kill -0 "$started"
}

@test "a home below a folder that is called as its own are" {
    CODEX=$BATS_TEST_TMPDIR/sessions/a/.codex
    ONLY=(--config-dir "$CODEX")
    mkdir -p "$CODEX/sessions/2026/11/27" "$CODEX/thread-writer-locks"
    add_session "$A" "buy milk" 60
    start env -i -C "$project" PYTHONHOME="$PYTHONHOME" HOME="$HOME" PATH="$PATH" CODEX_HOME="$CODEX" HOLDS="$(rollout $A)" \
        READY="$BATS_TEST_TMPDIR/ready" "$program" -c "$HOLD" app-server --listen unix://
    wait_until 60 test -e "$BATS_TEST_TMPDIR/ready"
    rescue --status --json "${ONLY[@]}"
    [ "$(row $A)" = "descriptor,exact,$started,$started," ]
}

@test "where the log cannot be read, which session a client draws is not known" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 60
    touch "$(lock_of $B)"
    hold "$(rollout $A):$(lock_of $A)" app-server --listen unix://
    hold ""
    mkfifo "$CODEX/logs_2.sqlite"
    rescue --status --json "${ONLY[@]}"
    [[ $(json ".sessions.find(s => s.pid == $started).notes.join()") == *"not known for sure"*logs_2.sqlite* ]]
    rescue --resume "$B" --json "${ONLY[@]}"
    [ "$(json '.sessions[0].notes.join()')" = "whether a process has thread-writer-locks/$B.lock locked is not known: $CODEX/logs_2.sqlite: not a regular file" ]
    rm "$CODEX/logs_2.sqlite"
    echo "no database" >"$CODEX/logs_2.sqlite"
    rescue --status --json "${ONLY[@]}"
    [[ $(json ".sessions.find(s => s.pid == $started).notes.join()") == *"not known for sure"*logs_2.sqlite* ]]
}

@test "what a lost terminal may have drawn is not called idle, where the log does not tell which" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 60
    hold "$(rollout $A):$(lock_of $A):$(rollout $B):$(lock_of $B)" app-server --listen unix://
    TERMINAL=there hold "" resume "$B"
    TERMINAL=gone hold ""
    rescue --status --json "${ONLY[@]}"
    verdict() { json ".sessions.filter(s => s.session_id == \"$1\").map(s => s.verdict + \" \" + s.cause).join()"; }
    [ "$(verdict $A)" = "unknown needs-eyes" ]
    [ "$(verdict $B)" = "idle turn-over" ]
    [ "$(json ".sessions.filter(s => s.pid == $started).map(s => s.verdict).join()")" = orphaned ]
    [[ $(json ".sessions.find(s => s.session_id == \"$A\").evidence.join()") == *"it cannot be told which"* ]]
}

@test "a session that two draw has the terminal that is still there, whichever was first" {
    add_session "$A" "buy milk" 60
    hold "$(rollout $A):$(lock_of $A)" app-server --listen unix://
    TERMINAL=gone hold "" resume "$A"
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.verdict).join()')" = orphaned ]
    TERMINAL=there hold "" resume "$A"
    TERMINAL=gone hold "" resume "$A"
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.verdict).join()')" = idle ]
    [ "$(json '.sessions[0].ui_pids.length')" -eq 3 ]
}

@test "one whose file was deleted is not ended with another: its words are in no file" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 60
    hold "$(rollout $A):$(lock_of $A):$(rollout $B):$(lock_of $B)" app-server --listen unix://
    rm "$(rollout $B)"
    rescue --status --json "${ONLY[@]}"
    [ "$(row $B)" = "descriptor,exact,$started,$started," ]
    agree --kill "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 4 ]
    [[ $output == *"refused: "* ]]
    kill -0 "$started"
}

@test "to give up one session is not to give up another whose id begins alike" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 60
    hold "$(rollout $A):$(lock_of $A):$(rollout $B):$(lock_of $B)" app-server --listen unix://
    rm "$(rollout $B)"
    NAMES=no agree --kill "$A" --without-backup="${A:0:8}" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 4 ]
    kill -0 "$started"
    [[ $output == *"refused: "* ]]
}

# peers: which of the sessions say that they have that connection
peers() { json ".sessions.filter(s => s.evidence.join().includes(\"127.0.0.1\")).map(s => s.session_id).sort().join()"; }

@test "a connection that may be of two sessions of a process is taken for neither's" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy bread" 60
    start python3 -c '
import os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
open(sys.argv[1] + ".new", "w").write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
kept = [s.accept() for _ in range(9)]' "$BATS_TEST_TMPDIR/port"
    wait_until 60 test -e "$BATS_TEST_TMPDIR/port"
    HOLD="import socket
model = socket.create_connection(('127.0.0.1', $(<"$BATS_TEST_TMPDIR/port")))
model.send(b'x' * 5000)
$HOLD"
    echo "openai_base_url = \"http://127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")/v1\"" >"$CODEX/config.toml"
    hold "$(rollout $A):$(lock_of $A):$(rollout $B):$(lock_of $B)" app-server --listen unix://
    id=$A record 0 event_msg '{"type":"user_message","message":"more"}'
    rescue --status --json "${ONLY[@]}"
    [ "$(peers)" = "$A" ]
    tail -n 1 "$(rollout $A)" >>"$(rollout $B)" # at the same moment, however slow the machine is
    rescue --status --json "${ONLY[@]}"
    [ "$(peers)" = "" ]
}

@test "what a process that is gone has left is named: an open turn, and its lock; neither is touched" {
    add_session "$A" "buy milk" 60
    add_session "$B" "buy eggs" 60
    id=$A
    record 30 event_msg '{"type":"task_started"}'
    record 30 event_msg '{"type":"user_message","message":"and bread"}'
    for name in shell apply_patch; do
        record 30 response_item "{\"type\":\"function_call\",\"id\":\"f\",\"name\":\"$name\",\"call_id\":\"$name\",\"arguments\":\"{}\"}"
    done
    touch "$(lock_of $A)"
    rescue --resume --json "${ONLY[@]}"
    notes=$(json ".sessions.find(s => s.session_id == '$A').notes.join('|')")
    [ "$notes" = "its last turn was not finished: shell and 1 other call have no result|thread-writer-locks/$A.lock is left: no process seen here has it locked" ]
    [ "$(json ".sessions.find(s => s.session_id == '$B').notes.length")" -eq 0 ]
    rescue --check "$A" "${ONLY[@]}"
    [[ $output == *"its last turn was not finished: shell and 1 other call have no result"* ]]
    [ -e "$(lock_of $A)" ]
    id=$B
    record 20 event_msg '{"type":"task_started"}'
    record 20 event_msg '{"type":"user_message","message":"more"}'
    rescue --check --json "${ONLY[@]}"
    [ "$(json ".transcripts.find(t => t.session_id == '$B').unfinished")" = "its prompt has no reply" ]
    hold "$(rollout $A):$(lock_of $A)" app-server
    rescue --resume --json "${ONLY[@]}"
    [[ $(json ".sessions.find(s => s.session_id == '$A').notes.join('|')") != *left* ]]
    [ "$(json ".sessions.find(s => s.session_id == '$A').unfinished")" = null ]
}
