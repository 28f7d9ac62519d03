#!/usr/bin/env bats
# Sessions of opencode: rows of a database that each test makes, and a stand-in for its program.

load helper

A=ses_aaaaaaaaaaaaAAAAAAAAAAAAAA
B=ses_bbbbbbbbbbbbBBBBBBBBBBBBBB
CHILD=ses_ccccccccccccCCCCCCCCCCCCCC

setup()
{
    command -v python3 >/dev/null || skip "no Python here"
    scratch_project
    DATA=$HOME/.local/share/opencode
    PENDING=$BATS_TEST_TMPDIR/pending
    mkdir -p "$DATA" "$BATS_TEST_TMPDIR/bin" "$project/other"
    program=$BATS_TEST_TMPDIR/bin/opencode
    cp "$TEST_PROGRAMS/fake-agent" "$program"
    ONLY=(--config-dir "$DATA")
    DIRS=(--pending-dir "$PENDING" --log-dir "$BATS_TEST_TMPDIR/log")
    sql "PRAGMA journal_mode = WAL;
        CREATE TABLE project(id TEXT PRIMARY KEY, worktree TEXT);
        CREATE TABLE session(id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, directory TEXT, title TEXT,
            version TEXT, time_created INTEGER, time_updated INTEGER, time_archived INTEGER);
        CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, time_updated INTEGER, data TEXT);
        CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, time_created INTEGER,
            time_updated INTEGER, data TEXT);
        CREATE TABLE todo(session_id TEXT, content TEXT, position INTEGER);
        CREATE TABLE account(id TEXT, access_token TEXT);
        INSERT INTO account VALUES('me', 'TOKEN-OF-THE-ACCOUNT');
        INSERT INTO project VALUES('prj', '$project');"
}

teardown() { end_started; }

# Leaves the log beside the database, as the agent does.
sql()
{
    python3 -c '
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript(sys.argv[2])
db.commit()
sys.stdout.flush()
os._exit(0)' "$DATA/opencode.db" "$1"
}

# now_ms [SECONDS AGO]
now_ms() { echo $(($(date +%s%N) / 1000000 - ${1-0} * 1000)); }

# add_session ID DIRECTORY [PARENT [SECONDS AGO]]
add_session()
{
    local at
    at=$(now_ms "${4-0}")
    sql "INSERT INTO session VALUES('$1', 'prj', NULLIF('${3-}', ''), '$2', 'a title', '1.18.33', $at, $at, NULL)"
}

# A turn of a prompt and what answers it: add_turn ID SECONDS_AGO MESSAGE [PART...], as JSON.
add_turn()
{
    local id=$1 at n=1
    at=$(now_ms "$2")
    sql "INSERT INTO message VALUES('msg_1$id', '$id', $at, $at, '{\"role\":\"user\"}');
        INSERT INTO part VALUES('prt_1$id', 'msg_1$id', '$id', $at, $at, '{\"type\":\"text\",\"text\":\"buy milk\"}');
        INSERT INTO message VALUES('msg_2$id', '$id', $at + 1, $at + 1, '${3//TIME/$at}');"
    shift 3
    for part; do
        n=$((n + 1))
        sql "INSERT INTO part VALUES('prt_$n$id', 'msg_2$id', '$id', $at + $n, $at + $n, '${part//TIME/$at}')"
    done
}

DONE='{"role":"assistant","finish":"stop","time":{"created":TIME,"completed":TIME}}'
OPEN='{"role":"assistant","time":{"created":TIME}}'
RAN='{"type":"tool","tool":"bash","callID":"c","state":{"status":"completed","input":{"command":"ls"},"output":"the listing","title":"lists","time":{"start":TIME,"end":TIME}}}'
TOOL='{"type":"tool","tool":"bash","callID":"c","state":{"status":"running","time":{"start":TIME}}}'

# client [ARGUMENT...]: the stand-in, in $project: $pid
client()
{
    fake --no-registry --turn none --cwd "$project" -- "$program" "$@"
}

@test "a store without a database has no sessions, and none is made" {
    rm "$DATA"/*
    rescue --status "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"No "*" processes found"* ]]
    [[ $stderr != *"$DATA"* ]]
    [ -z "$(ls "$DATA")" ]
}

@test "stored sessions of both agents are listed, each with its command" {
    stored bbbbbbbb-0000-4000-8000-000000000002 "$project"
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE"
    add_session "$CHILD" "$project" "$A"
    rescue --resume --json --config-dir "$CONFIG_DIR" "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions.map(s => s.agent).sort().join()')" = claude,opencode ]
    [ "$(json '.sessions.find(s => s.agent == "opencode").session_id')" = "$A" ]
    [ "$(json '.sessions.find(s => s.agent == "opencode").first_prompt')" = "buy milk" ]
    [ "$(json '.sessions.find(s => s.agent == "opencode").transcript')" = null ]
    [ "$(json '.sessions.find(s => s.agent == "opencode").parts')" = \
        "[{\"kind\":\"rows\",\"path\":\"$DATA/opencode.db\",\"key\":\"$A\"}]" ]
    # found by its usual place, it needs no variable
    rescue_apart --resume --json
    [ "$(json '.sessions.find(s => s.agent == "opencode").resume_command')" = \
        "cd $project && opencode --session $A" ]
    rescue_apart --resume --json --agent opencode
    [ "$(json '.sessions.map(s => s.agent).join()')" = opencode ]
    rescue_apart --resume --json --agent claude
    [ "$(json '.sessions.some(s => s.agent == "opencode")')" = false ]
}

@test "a place that the variable names is in the command" {
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE"
    mkdir "$HOME/elsewhere"
    mv "$DATA" "$HOME/elsewhere/opencode"
    rescue --resume --json --config-dir "$HOME/elsewhere/opencode"
    [ "$(json '.sessions[0].resume_command')" = \
        "cd $project && XDG_DATA_HOME=$HOME/elsewhere opencode --session $A" ]
    HERE="XDG_DATA_HOME=$HOME/elsewhere" rescue_apart --resume --json
    [ "$(json '.sessions.find(s => s.agent == "opencode").resume_command')" = \
        "cd $project && opencode --session $A" ]
}

@test "a database that cannot be read is named, and the other agent's sessions are listed" {
    stored bbbbbbbb-0000-4000-8000-000000000002 "$project"
    rm "$DATA"/*
    head -c 5000 /dev/urandom >"$DATA/opencode.db"
    rescue --resume --json --config-dir "$CONFIG_DIR" "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.agent).join()')" = claude ]
    [[ $(json '.problems.map(p => p.text).join()') == *"opencode.db: its sessions cannot be read: file is not a database"* ]]
    rm "$DATA/opencode.db"
    sql "CREATE TABLE session(id TEXT)"
    rescue --resume --json --config-dir "$CONFIG_DIR" "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.agent).join()')" = claude ]
    [[ $(json '.problems.map(p => p.text).join()') == *"no such column"* ]]
}

@test "a session is named by its id or the beginning of it, letters as they are" {
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE"
    add_session "$B" "$project"
    add_turn "$B" 7200 "$DONE"
    rescue --export ses_aaaaa --dry-run "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    rescue --export SES_AAAAA --dry-run "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 2 ]
    rescue --export ses_zzzzz --dry-run "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 2 ]
}

# ---- live ones ----------------------------------------------------------------------------------

live()
{
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.pid).join()')" = "$pid" ]
}

@test "a process is mapped by its command line, and its turn is told by its rows" {
    client -s "$A"
    add_session "$A" "$project"
    add_turn "$A" 0 "$DONE"
    live
    [ "$(json '.sessions[0].session_id')" = "$A" ]
    [ "$(json '.sessions[0].mapping.by')" = argv ]
    [ "$(json '.sessions[0].mapping.confidence')" = likely ]
    [ "$(json '.sessions[0].verdict')" = idle ]
    [ "$(json '.sessions[0].cwd')" = "$project" ]
    [ "$(json '.sessions[0].owner_pid')" = "$pid" ]
    [ "$(json '.sessions[0].version')" = 1.18.33 ]
}

@test "a process is mapped to the only session of its directory that was written to since" {
    client
    add_session "$A" "$project" "" 100000
    add_session "$B" "$project/other"
    live
    [ "$(json '.sessions[0].session_id')" = null ]
    [ "$(json '.sessions[0].mapping.confidence')" = none ]
    add_session ses_dddddddddddddddddddddddddd "$project"
    live
    [ "$(json '.sessions[0].session_id')" = ses_dddddddddddddddddddddddddd ]
    [ "$(json '.sessions[0].mapping.by')" = transcript ]
    [ "$(json '.sessions[0].mapping.confidence')" = likely ]
    add_session ses_eeeeeeeeeeeeeeeeeeeeeeeeee "$project"
    live
    [ "$(json '.sessions[0].session_id')" = null ]
    [ "$(json '.sessions[0].mapping.confidence')" = ambiguous ]
    [ "$(json '.sessions[0].mapping.candidates.length')" -eq 2 ]
}

asks_permission()
{
    rescue --status --json --timeout 0 "${ONLY[@]}"
    [ "$(json '.sessions[0].cause')" = permission-prompt ]
}

@test "nothing that its rows leave open is called hung" {
    client -s "$A"
    add_session "$A" "$project"
    for rows in "$OPEN" "$OPEN|$TOOL"; do
        sql "DELETE FROM message; DELETE FROM part"
        if [ "$rows" = "$OPEN" ]; then add_turn "$A" 0 "$OPEN"; else add_turn "$A" 0 "$OPEN" "$TOOL"; fi
        rescue --status --json --timeout 0 "${ONLY[@]}"
        [ "$(json '.sessions[0].session_id')" = "$A" ]
        [ "$(json '.counts.hung')" -eq 0 ]
        [[ $(json '.sessions[0].verdict') == @(unknown|working|waiting) ]]
    done
    # a command without a process waits for its permission, once it had the time to start one
    wait_until 60 asks_permission
    [[ $(json '.sessions[0].evidence.join()') == *bash* ]]
}

@test "a server and its screen are told apart, and what they have is not known" {
    client serve --port 4096
    add_session "$A" "$project"
    live
    [ "$(json '.sessions[0].session_id')" = null ]
    [ "$(json '.sessions[0].kind')" = server ]
    [[ $(json '.sessions[0].notes.join()') == *"it is not known which session it is: it serves sessions to others"* ]]
    end_started
    started_pids=()
    client attach http://localhost:4096 -s "$A"
    live
    [ "$(json '.sessions[0].owner_pid')" = null ]
    [ "$(json '.sessions[0].ui_pids')" = "[$pid]" ]
    end_started
    # shellcheck disable=SC2034 # teardown ends them
    started_pids=()
    client export "$A"
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
}

@test "another program of that name is left out, and said" {
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/bin/sleep"
    mv "$BATS_TEST_TMPDIR/bin/sleep" "$program"
    start env HOME="$HOME" "$program" 60
    wait_until 60 grep -q opencode "/proc/$started/comm"
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
    [[ $(json '.problems.map(p => p.text).join()') == *"is called as opencode is, and is no program of it"* ]]
}

# ---- what is done -------------------------------------------------------------------------------

@test "its rows are backed up, verified, and not copied again until they change" {
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE" '{"type":"text","text":"bought \u001b[31m"}'
    sql "INSERT INTO todo VALUES('$A', 'milk', 0)"
    add_session "$CHILD" "$project" "$A"
    add_session "$B" "$project"
    add_turn "$B" 7200 "$DONE"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    stem=$(basename "$PENDING"/*.sha256 .sha256)
    [[ $stem == *-LOSSLESS-opencode-"$A" ]]
    (cd "$PENDING" && sha256sum --quiet -c "$stem.sha256")
    grep -q '"table":"todo"' "$PENDING/$stem.jsonl"
    grep -q "$CHILD" "$PENDING/$stem.files/children/$CHILD"
    run grep -rq -e "$B" -e TOKEN "$PENDING"
    [ "$status" -eq 1 ]
    node -e '
        for (const line of require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n"))
            JSON.parse(line);' "$PENDING/$stem.jsonl"
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"already exported"* ]]
    sql "UPDATE part SET data = '{\"type\":\"text\",\"text\":\"bread\"}' WHERE session_id = '$A'"
    sleep 1 # a second backup's name
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *$'\n'"exported"* || $output == "exported"* ]]
    [ "$(ls "$PENDING"/*.sha256 | wc -l)" -eq 2 ]
}

@test "an export reads a database whose log was not written back, and changes neither" {
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE"
    [ -s "$DATA/opencode.db-wal" ]
    before=$(cat "$DATA/opencode.db" "$DATA/opencode.db-wal" | sha256sum)
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [ "$before" = "$(cat "$DATA/opencode.db" "$DATA/opencode.db-wal" | sha256sum)" ]
}

@test "it is ended by SIGTERM, behind a backup of its rows" {
    client -s "$A"
    add_session "$A" "$project"
    add_turn "$A" 0 "$OPEN" '{"type":"text","text":"half a rep"}'
    add_session "$B" "$project"
    add_turn "$B" 7200 "$DONE"
    rescue --kill "$A" --dry-run "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"back up the session"*SIGTERM* ]]
    kill -0 "$pid"
    rescue --kill "$A" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    run ! kill -0 "$pid"
    grep -q "half a rep" "$PENDING"/*-LOSSLESS-opencode-"$A".jsonl
    run grep -rq "$B" "$PENDING"
    [ "$status" -eq 1 ]
}

@test "what is not known to be safe is refused, and nothing is touched" {
    client -s "$A"
    add_session "$A" "$project"
    add_turn "$A" 0 "$DONE"
    # its rows cannot be read: nothing can be backed up
    mkdir "$BATS_TEST_TMPDIR/sound"
    mv "$DATA"/opencode.db* "$BATS_TEST_TMPDIR/sound"
    printf 'no database, which is longer than a head of one, that has a hundred bytes: no database at all, is it %%s' >"$DATA/opencode.db"
    for mode in --kill --revive; do
        rescue $mode "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -ne 0 ]
        kill -0 "$pid"
    done
    rm "$DATA"/opencode.db*
    mv "$BATS_TEST_TMPDIR/sound"/* "$DATA"
    # a server runs sessions, and which is not known
    end_started
    started_pids=()
    client serve --port 4096
    rescue --kill "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"it is not known which session pid $pid has: it serves sessions to others"* ]]
    kill -0 "$pid"
    rescue --repair "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"opencode keeps it as rows"* ]]
}

@test "damaged rows are named, of all sessions and of one, with its children" {
    two_sessions
    rescue --check "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"2 transcripts: 2 sound"* ]]
    rescue --check "$A" --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.transcripts.map(t => t.session_id + t.verdict + t.records).join()')" = "${A}sound9" ]
    sql "UPDATE part SET data = '{\"type\":' WHERE id = 'prt_2$CHILD';
        INSERT INTO part VALUES('prt_9$A', 'msg_gone', '$A', 1, 1, '{\"type\":\"text\"}');
        UPDATE part SET data = json_set(data, '\$.state.status', 'running') WHERE id = 'prt_3$A'"
    others_than NOBODY >"$BATS_TEST_TMPDIR/all"
    rescue --check "${ONLY[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"lone-row"*"part prt_9$A"*"left-running"*"part prt_3$A"*"bad-row"*"part prt_2$CHILD"* ]]
    [[ $output == *"2 transcripts: 1 sound, 1 damaged"* ]]
    rescue --check "$A" --json "${ONLY[@]}"
    [ "$(json '.transcripts[0].problems.map(p => p.kind + p.cure).join()')" = lone-rownone,left-runningnone,bad-rownone ]
    diff "$BATS_TEST_TMPDIR/all" <(others_than NOBODY)
    # while a process has it, a call may run
    client -s "$A"
    rescue --check "$A" "${ONLY[@]}"
    [[ $output != *left-running* && $output == *bad-row* ]]
}

# ---- put back -----------------------------------------------------------------------------------

# Every row of every table, but for those of a session; a line each.
others_than()
{
    python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.text_factory = bytes
for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = \"table\" ORDER BY name").fetchall():
    for row in sorted(map(repr, db.execute("SELECT rowid, * FROM \"%s\"" % name.decode()))):
        if not any(id in row for id in sys.argv[2:]):
            print(name.decode(), row)' "$DATA/opencode.db" "$@" | sort
}

rows_of() { comm -13 <(others_than "$@") <(others_than NOBODY) | sed 's/([0-9]*,/(/' | sort; }

# Two sessions side by side, one of them with a child and values that JSON has no word for.
two_sessions()
{
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE" '{"type":"text","text":"bought"}' "$RAN"
    add_session "$CHILD" "$project" "$A"
    add_turn "$CHILD" 7100 "$DONE" '{"type":"text","text":"the child speaks"}'
    add_session "$B" "$project"
    add_turn "$B" 7200 "$DONE" '{"type":"text","text":"of the other"}'
    sql "INSERT INTO todo VALUES('$A', 'milk \"quoted\" é', 0), ('$A', CAST(x'6162ff' AS TEXT), 1), ('$A', x'00ff', 2), ('$B', 'rye', 0);
        CREATE TABLE event_sequence(aggregate_id TEXT PRIMARY KEY, seq INTEGER);
        CREATE TABLE event(id TEXT PRIMARY KEY, aggregate_id TEXT, seq INTEGER, type TEXT, data TEXT);
        INSERT INTO event_sequence VALUES('$A', 1), ('$B', 1);
        INSERT INTO event VALUES('evt_a', '$A', 1, 'x', 'y'), ('evt_b', '$B', 1, 'x', 'y');"
}

DELETE_A="DELETE FROM part WHERE session_id IN ('$A', '$CHILD'); DELETE FROM message WHERE session_id IN ('$A', '$CHILD');
    DELETE FROM session WHERE id IN ('$A', '$CHILD'); DELETE FROM todo WHERE session_id = '$A';
    DELETE FROM event WHERE aggregate_id = '$A'; DELETE FROM event_sequence WHERE aggregate_id = '$A';"

@test "a session is put back as rows, with its children, and no other row changes" {
    two_sessions
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    rows_of "$A" "$CHILD" evt_a >"$BATS_TEST_TMPDIR/was"
    others_than "$A" "$CHILD" evt_a >"$BATS_TEST_TMPDIR/others"
    grep -q "of the other" "$BATS_TEST_TMPDIR/others"
    sql "$DELETE_A"
    [ -z "$(rows_of "$A" "$CHILD" evt_a)" ]
    others_than NOBODY >"$BATS_TEST_TMPDIR/all"
    rescue --restore "$A" --dry-run "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"would restore $A"*"opencode.db/$CHILD as rows"*"opencode.db/$A as rows"* ]]
    diff "$BATS_TEST_TMPDIR/all" <(others_than NOBODY)
    rescue --restore "$A" --json "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $(json '.resume_command') == *"opencode --session $A" ]]
    [ "$(json '.files.map(f => f.why).join()')" = "as rows,as rows" ]
    diff "$BATS_TEST_TMPDIR/was" <(rows_of "$A" "$CHILD" evt_a)
    diff "$BATS_TEST_TMPDIR/others" <(others_than "$A" "$CHILD" evt_a)
    # again: it is there, and the same
    before=$(cat "$DATA"/opencode.db | sha256sum)
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"is there already"*"is there already"* ]]
    [ "$before" = "$(cat "$DATA"/opencode.db | sha256sum)" ]
    # a backup of what was put back has the same bytes
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"already exported"* ]]
}

@test "a session that is there and differs is not touched, with --force neither" {
    two_sessions
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    for change in "UPDATE part SET data = 'x' WHERE id = 'prt_2$A'" "DELETE FROM part WHERE id = 'prt_2$A'" \
        "INSERT INTO part VALUES('prt_9$A', 'msg_2$A', '$A', 1, 1, '{}')" "UPDATE session SET title = NULL WHERE id = '$CHILD'"; do
        cp "$DATA/opencode.db" "$BATS_TEST_TMPDIR/db"
        cp "$DATA/opencode.db-wal" "$BATS_TEST_TMPDIR/wal"
        sql "$change"
        before=$(cat "$DATA/opencode.db" "$DATA/opencode.db-wal" | sha256sum)
        for force in --force --json; do
            rescue --restore "$A" $force "${ONLY[@]}" "${DIRS[@]}"
            [ "$status" -eq 4 ]
            [[ $stderr == *"/opencode.db/ses_"*" is there and differs; nothing was changed"* ]]
            [[ $stderr != *--new-id* ]]
        done
        [ "$before" = "$(cat "$DATA/opencode.db" "$DATA/opencode.db-wal" | sha256sum)" ]
        rm "$DATA"/opencode.db*
        cp "$BATS_TEST_TMPDIR/db" "$DATA/opencode.db"
        cp "$BATS_TEST_TMPDIR/wal" "$DATA/opencode.db-wal"
    done
}

# An id of its own that is another session's by now: the whole is taken back.
@test "rows that cannot all be put back are none of them put back" {
    two_sessions
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    sql "$DELETE_A UPDATE part SET id = 'prt_2$A' WHERE id = 'prt_2$B'"
    others_than NOBODY >"$BATS_TEST_TMPDIR/all"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"UNIQUE constraint failed: part.id; no session was restored"* ]]
    diff "$BATS_TEST_TMPDIR/all" <(others_than NOBODY)
}

@test "nothing is put back while a process has the database open, and it is named" {
    two_sessions
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    sql "$DELETE_A"
    start python3 -c '
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.execute("SELECT count(*) FROM session").fetchone()
print("open", file=open(sys.argv[2], "w"), flush=True)
time.sleep(300)' "$DATA/opencode.db" "$BATS_TEST_TMPDIR/open"
    wait_until 60 test -s "$BATS_TEST_TMPDIR/open"
    others_than NOBODY >"$BATS_TEST_TMPDIR/all"
    for dry in --dry-run --force; do
        rescue --restore "$A" $dry "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -eq 4 ]
        [[ $stderr == *"pid $started has it open: end every process of the agent first"* ]]
    done
    diff "$BATS_TEST_TMPDIR/all" <(others_than NOBODY)
    end_started
    # shellcheck disable=SC2034 # helper.bash ends them
    started_pids=()
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
}

@test "where there is no database, or one of an earlier version, nothing is put back" {
    two_sessions
    sql "CREATE TABLE migration(id TEXT PRIMARY KEY); INSERT INTO migration VALUES('2026_one'), ('2026_two')"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    sql "$DELETE_A DELETE FROM migration WHERE id = '2026_two'"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 4 ]
    [[ $stderr == *"later version of the agent than the database"* ]]
    # a later one has a column more: nothing is lost by that
    sql "INSERT INTO migration VALUES('2026_two'), ('2027_three'); ALTER TABLE part ADD COLUMN later TEXT DEFAULT 'x'"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    # a column that is no more
    sql "$DELETE_A ALTER TABLE todo DROP COLUMN content"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"no column named content; no session was restored"* ]]
    for place in "$HOME/none/opencode" "$HOME/empty/opencode"; do
        [[ $place == *none* ]] || mkdir -p "$place"
        rescue --restore "$A" --config-dir "$place" "${DIRS[@]}"
        [ "$status" -eq 4 ]
        [[ $stderr == *"there is no database: run opencode there once, which makes it"* ]]
        [ ! -e "$place/opencode.db" ]
    done
    for option in --new-id "--cwd $project/other"; do
        # shellcheck disable=SC2086 # an option and its value
        rescue --restore "$A" $option "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -eq 4 ]
        [[ $stderr == *"opencode: --restore: ${option%% *} is not known for its sessions; nothing was touched"* ]]
    done
}

@test "a backup that says the rows of another session is not put back" {
    two_sessions
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    stem=$(basename "$PENDING"/*.sha256 .sha256)
    sql "$DELETE_A"
    others_than NOBODY >"$BATS_TEST_TMPDIR/all"
    cp -r "$PENDING" "$BATS_TEST_TMPDIR/sound"
    for change in "s/\"session_id\":\"$A\"/\"session_id\":\"$B\"/" 's/"table":"todo"/"table":"account"/' \
        's/"blob":"00ff"/"blob":"00f"/' '1d' "\$ s/}\$//"; do
        rm -r "$PENDING"
        cp -r "$BATS_TEST_TMPDIR/sound" "$PENDING"
        sed -i "$change" "$PENDING/$stem.jsonl"
        reseal "$stem"
        rescue --restore "$PENDING/$stem" "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -eq 3 ]
        [[ $stderr == *"the backup "*"; no"* ]]
        diff "$BATS_TEST_TMPDIR/all" <(others_than NOBODY)
    done
}

# Sums that fit a transcript which was changed.
reseal()
{
    node -e '
        const fs = require("fs"), { createHash } = require("crypto"), [folder, stem] = process.argv.slice(1);
        const sum = (text) => createHash("sha256").update(text).digest("hex");
        const manifest = `${folder}/${stem}.json`, lines = fs.readFileSync(`${folder}/${stem}.jsonl`);
        const m = JSON.parse(fs.readFileSync(manifest, "utf8"));
        Object.assign(m.files[0], { sha256: sum(lines), size_bytes: lines.length });
        fs.writeFileSync(manifest, JSON.stringify(m));
        const sums = fs.readFileSync(`${folder}/${stem}.sha256`, "utf8").split("\n").map((line) => {
            const name = line.slice(66);
            return name ? `${sum(fs.readFileSync(`${folder}/${name}`))}  ${name}` : line;
        });
        fs.writeFileSync(`${folder}/${stem}.sha256`, sums.join("\n"));' "$PENDING" "$1"
}

@test "a file is taken for the agent's whose records stand in it" {
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE" '{"type":"text","text":"bought"}'
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    cp "$PENDING"/*.jsonl "$BATS_TEST_TMPDIR/lone.jsonl"
    printf '%s\n' '{"type":"session.start","data":{"sessionId":"x","copilotVersion":"1"},"id":"1","timestamp":"2026-01-01T00:00:00Z","parentId":null}' \
        '{"type":"user.message","data":{"content":"buy rye"},"id":"2","timestamp":"2026-01-01T00:00:01Z","parentId":"1"}' >"$BATS_TEST_TMPDIR/other.jsonl"
    rescue --repair "$BATS_TEST_TMPDIR/lone.jsonl" "${DIRS[@]}"
    [ "$status" -ge 2 ]
    [[ $output$stderr == *"lone.jsonl: what is wrong with a transcript of opencode, and what mends it, is not known"* ]]
    rescue --check "$BATS_TEST_TMPDIR/lone.jsonl" # its lines are whole
    [ "$status" -eq 0 ]
    cmp "$PENDING"/*.jsonl "$BATS_TEST_TMPDIR/lone.jsonl"
    rescue --repair "$BATS_TEST_TMPDIR/other.jsonl" "${DIRS[@]}"
    [[ $stderr == *"a transcript of Copilot"*"is not known"* ]]
    rescue --context "$BATS_TEST_TMPDIR/other.jsonl" "${DIRS[@]}"
    [[ $output == *"## user, 2026-01-01T00:00:01Z"*"buy rye"* ]]
    # its first lines broken, and one of another client's behind
    {
        for _ in {1..40}; do echo '"type":"user.message","data":{"content":"buy'; done
        cat "$BATS_TEST_TMPDIR/other.jsonl"
        printf '{"parentUuid":null,"isSidechain":false,"type":"user","message":{"role":"user","content":"x"},"uuid":"%s","timestamp":"2026-01-01T00:00:02Z"}\n' 00000000-0000-4000-8000-000000000001
    } >"$BATS_TEST_TMPDIR/broken.jsonl"
    rescue --repair "$BATS_TEST_TMPDIR/broken.jsonl" "${DIRS[@]}"
    [ "$status" -ge 2 ]
    [[ $stderr == *"a transcript of Copilot"*"is not known"* ]]
}

FAILED='{"role":"assistant","error":{"name":"APIError","data":{"message":"it is \u001b[31m over"}},"time":{"created":TIME,"completed":TIME}}'

@test "what was said is shown, of the rows and of what a backup alone has" {
    add_session "$A" "$project"
    add_turn "$A" 7200 "$FAILED" '{"type":"text","text":"bought"}' "$RAN" '{"type":"text","text":"a reminder","synthetic":true}'
    add_session "$CHILD" "$project" "$A"
    add_turn "$CHILD" 7100 "$DONE" '{"type":"text","text":"the child speaks"}'
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    backup=$(basename "$PENDING"/*.sha256 .sha256)
    rescue --context "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"- from $DATA/opencode.db"*"## user, "*"buy milk"*"## agent, "*"bought"*"- **bash** lists (11B)"*"## API error, "*"it is \\x1b[31m over"* ]]
    [[ $output != *reminder* && $output != *"child speaks"* && $output != *"A branch"* && $output != *"resume"* ]]
    [ "$(grep -c bought <<<"$output")" -eq 1 ]
    rescue --context "$A" -v "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"the listing"* ]]
    rescue --context "$A" --all "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"subagent $CHILD"*"the child speaks"* ]]
    # a backup, by its name, as a file, and behind what was taken out of the rows since
    for name in "$backup" "$PENDING/$backup.jsonl"; do
        rescue --context "$name" "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -eq 0 ]
        [[ $output == *"Session $A"*"buy milk"*"bought"* ]]
    done
    sql "DELETE FROM part WHERE data LIKE '%bought%'"
    rescue --context "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"buy milk"*"A branch that was left"*"bought"* ]]
    rescue --context "$A" --json "${ONLY[@]}" "${DIRS[@]}"
    output="[${output//$'\n'/,}]"
    [ "$(json '.map(m => m.who + m.branch + m.is_loaded).join()')" = user0null,agent0null,client0null,agent1null ]
    sql "DELETE FROM session WHERE id = '$A'"
    rescue --context "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"buy milk"*"bought"* ]]
}

@test "its words are found, in rows, children and backups, and again only where they changed" {
    search() { rescue --search "$@" --json "${ONLY[@]}" --pending-dir "$PENDING"; }
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE" '{"type":"text","text":"a parsnip"}'
    add_session "$CHILD" "$project" "$A"
    add_turn "$CHILD" 7100 "$DONE" '{"type":"text","text":"a parsnip below"}'
    add_session "$B" "$project"
    add_turn "$B" 7200 "$DONE" '{"type":"text","text":"a turnip"}'
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    search parsnip
    [ "$status" -eq 0 ]
    [ "$(json '.messages.map(m => m.session_id + m.subagent + m.who).sort().join()')" = \
        "${A}falseagent,${A}trueagent" ]
    [ "$(json '.messages[0].file')" = "$DATA/opencode.db" ]
    [[ $(json '.sessions[0].resume_command') == *"opencode --session $A" ]]
    # a part that is rewritten, at the same length, and one that is taken out
    sql "UPDATE part SET data = '{\"type\":\"text\",\"text\":\"a carrot\"}', time_updated = time_updated + 1 WHERE data LIKE '%turnip%'"
    search turnip
    [ "$(json '.messages.length')" -eq 0 ]
    search carrot
    [ "$(json '.messages[0].session_id')" = "$B" ]
    sql "DELETE FROM part WHERE session_id = '$B'"
    search carrot
    [ "$(json '.messages.length')" -eq 0 ]
    # what is left in a backup alone
    sql "DELETE FROM part WHERE data LIKE '%\"a parsnip\"%'"
    search parsnip
    [ "$(json '.messages.find(m => !m.subagent).file')" = "$(ls "$PENDING"/*.jsonl)" ]
}

@test "nothing is known that its client deletes: a watch warns of none of its sessions" {
    stored bbbbbbbb-0000-4000-8000-000000000002 "$project" hello $((28 * 24))
    add_session "$A" "$project" "" 8640000
    add_turn "$A" 8640000 "$DONE"
    events=$BATS_TEST_TMPDIR/events
    "$SESSION_RESCUE" --watch --json --config-dir "$CONFIG_DIR" "${ONLY[@]}" "${DIRS[@]}" >"$events" 2>/dev/null 3>&- &
    local watcher=$!
    wait_until 60 grep -q '"event":"expiring".*bbbbbbbb-0000' "$events"
    kill "$watcher"
    wait "$watcher" || true
    run ! grep "expiring.*$A" "$events"
}

@test "a watch waits for what is written to its database, and backs up what fills up" {
    client -s "$A"
    add_session "$A" "$project"
    add_turn "$A" 0 '{"role":"assistant","finish":"stop","time":{"created":TIME,"completed":TIME},"tokens":{"input":9900}}'
    events=$BATS_TEST_TMPDIR/events
    SESSION_RESCUE_CONTEXT_WINDOW=10000 "$SESSION_RESCUE" --watch --json --interval 1 "${ONLY[@]}" "${DIRS[@]}" >"$events" 2>/dev/null 3>&- &
    local watcher=$!
    wait_until 60 grep -q '"event":"watching"' "$events"
    wait_until 60 grep -qs "ino:$(printf %x "$(stat -c %i "$DATA")") " "/proc/$watcher/fdinfo/"*
    wait_until 60 grep -q '"event":"backed-up".*'"$A" "$events"
    kill "$watcher"
    wait "$watcher" || true
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
}

@test "a database that the environment names is not looked into, and that is said" {
    add_session "$A" "$project"
    add_turn "$A" 7200 "$DONE"
    HERE="OPENCODE_DB=$HOME/elsewhere.db" rescue_apart --resume --json --agent opencode
    [ "$(json '.sessions.length')" -eq 0 ]
    [[ $stderr == *"$DATA: the environment names another place, which is not looked into"* ]]
}
