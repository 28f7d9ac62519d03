#!/usr/bin/env bats
# Sessions of Copilot CLI: a folder each, that every test makes, and a stand-in for its program.

load helper

A=aaaaaaaa-0000-4000-8000-00000000000a
B=bbbbbbbb-0000-4000-8000-00000000000b

setup()
{
    scratch_project
    DATA=$HOME/.copilot
    STATE=$DATA/session-state
    PENDING=$BATS_TEST_TMPDIR/pending
    mkdir -p "$STATE" "$BATS_TEST_TMPDIR/copilot-linux-x64" "$project/other"
    program=$BATS_TEST_TMPDIR/copilot-linux-x64/copilot
    cp "$TEST_PROGRAMS/fake-agent" "$program"
    ONLY=(--config-dir "$DATA")
    DIRS=(--pending-dir "$PENDING" --log-dir "$BATS_TEST_TMPDIR/log")
    printf '{"copilotTokens": {"me": "TOKEN-OF-THE-USER"}}\n' >"$DATA/config.json"
}

teardown() { end_started; }

# record ID TYPE DATA [SECONDS AGO]: a line of its transcript
record()
{
    printf '{"type":"%s","data":%s,"id":"%s","timestamp":"%s","parentId":%s}\n' "$2" "$3" "$RANDOM$RANDOM" \
        "$(date -u -d "${4-0} seconds ago" +%FT%T.%3NZ)" "$([ "$2" = session.start ] && echo null || echo '"p"')" \
        >>"$STATE/$1/events.jsonl"
}

# add_session ID DIRECTORY [PROMPT [SECONDS AGO]]: one with a prompt that is not answered
add_session()
{
    mkdir -p "$STATE/$1/files"
    printf 'id: %s\ncwd: %s\n' "$1" "$2" >"$STATE/$1/workspace.yaml"
    record "$1" session.start "{\"sessionId\":\"$1\",\"copilotVersion\":\"1.0.102\",\"context\":{\"cwd\":\"$2\"}}" "${4-0}"
    record "$1" user.message "{\"content\":\"${3-buy milk}\",\"messageId\":\"m1\"}" "${4-0}"
    record "$1" assistant.turn_start '{"turnId":"0"}' "${4-0}"
}

# answer ID [SECONDS AGO]
answer()
{
    record "$1" assistant.message '{"messageId":"m2","content":"bought","toolRequests":[]}' "${2-0}"
    record "$1" assistant.turn_end '{"turnId":"0"}' "${2-0}"
    touch -d "${2-0} seconds ago" "$STATE/$1/events.jsonl"
}

# call ID: a tool
call()
{
    record "$1" assistant.message '{"messageId":"m2","content":"","toolRequests":[{"toolCallId":"c1","name":"bash","arguments":{"command":"sleep 9"}}]}'
    record "$1" tool.execution_start '{"toolCallId":"c1","toolName":"bash"}'
}

# client [ARGUMENT...]: the stand-in, in $project: $pid
client()
{
    fake --no-registry --turn none --spinner --cwd "$project" -- "$program" "$@"
}

@test "a home without sessions has none, and none is made" {
    rmdir "$STATE"
    rescue --status "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"No "*" processes found"* ]]
    [ "$(ls "$DATA")" = config.json ]
}

@test "stored sessions are listed, each with its command" {
    add_session "$A" "$project" "buy milk" 7200
    answer "$A" 7200
    mkdir "$STATE/$B" # in which nothing was said
    rescue --resume --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions.map(s => s.session_id).join()')" = "$A" ]
    [ "$(json '.sessions[0].agent')" = copilot ]
    [ "$(json '.sessions[0].first_prompt')" = "buy milk" ]
    [ "$(json '.sessions[0].cwd')" = "$project" ]
    [ "$(json '.sessions[0].transcript')" = "$STATE/$A/events.jsonl" ]
    rescue_apart --resume --json --agent copilot # found by its usual place, it needs no variable
    [ "$(json ".sessions.find(s => s.session_id == '$A').resume_command")" = "cd $project && copilot --resume=$A" ]
    mv "$DATA" "$HOME/elsewhere"
    rescue --resume --json --config-dir "$HOME/elsewhere"
    [ "$(json '.sessions[0].resume_command')" = "cd $project && COPILOT_HOME=$HOME/elsewhere copilot --resume=$A" ]
    HERE="COPILOT_HOME=$HOME/elsewhere" rescue_apart --resume --json --agent copilot
    [ "$(json ".sessions.find(s => s.session_id == '$A').resume_command")" = "cd $project && copilot --resume=$A" ]
}

@test "a session is named by its id, the beginning of it, and its transcript's path" {
    add_session "$A" "$project"
    answer "$A"
    add_session "$B" "$project"
    answer "$B"
    for word in "$A" "${A:0:8}" "session-state/${A:0:8}" "$STATE/$A/events.jsonl"; do
        rescue --export "$word" --dry-run "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -eq 0 ]
        [[ $output == *"$A"* || $output == *"${A:0:8}"* ]]
        [[ $output != *"${B:0:8}"* ]]
    done
}

@test "what cannot be read is named, and the others are listed" {
    add_session "$A" "$project" "buy milk" 7200
    answer "$A" 7200
    mkdir "$STATE/$B"
    mkfifo "$STATE/$B/events.jsonl"
    rescue --resume --json "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.session_id).join()')" = "$A" ]
    [[ $(json '.problems.map(p => p.path).join()') == *"$B/events.jsonl"* ]]
    rm "$STATE/$B/events.jsonl"
    head -c 300000 /dev/zero >"$STATE/$B/events.jsonl"
    printf '{"type":"user.mess' >>"$STATE/$A/events.jsonl"
    rescue --resume --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $(json '.sessions.map(s => s.session_id).join()') == *"$A"* ]]
}

# ---- live ones ----------------------------------------------------------------------------------

live()
{
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.pid).join()')" = "$pid" ]
}

@test "a process is mapped by its command line, and its turn is told by its records" {
    client "--resume=$A"
    add_session "$A" "$project"
    answer "$A"
    live
    [ "$(json '.sessions[0].session_id')" = "$A" ]
    [ "$(json '.sessions[0].mapping.by')" = argv ]
    [ "$(json '.sessions[0].verdict')" = idle ]
    [ "$(json '.sessions[0].version')" = 1.0.102 ]
}

# hold ID: from now on the clients that are started have it, by its lock.
hold()
{
    exec 8>"$STATE/$1/inuse.1.hold"
    flock 8
}

@test "a process is mapped by the lock that it holds, whatever its command line says" {
    add_session "$A" "$project"
    answer "$A"
    add_session "$B" "$project"
    hold "$B"
    client "--resume=$A"
    exec 8>&-
    call "$B"
    live
    [ "$(json '.sessions[0].session_id')" = "$B" ]
    [ "$(json '.sessions[0].mapping.by')" = lock ]
    [ "$(json '.sessions[0].mapping.confidence')" = exact ]
    [ "$(json '.sessions[0].verdict')" != idle ]
    # a file that is there and not locked says nothing
    end_started
    started_pids=()
    client "--resume=$A"
    echo "$pid" >"$STATE/$B/inuse.$pid.lock"
    : >"$STATE/$B/inuse.$pid.hold"
    live
    [ "$(json '.sessions[0].session_id')" = "$A" ]
    [ "$(json '.sessions[0].mapping.by')" = argv ]
}

@test "an older one is mapped by the file that it leaves in its session's folder, and its launcher is none" {
    add_session "$A" "$project"
    answer "$A"
    add_session "$B" "$project"
    answer "$B"
    mkdir "$BATS_TEST_TMPDIR/copilot-linux-x64/launcher"
    cp "$(command -v bash)" "$BATS_TEST_TMPDIR/copilot-linux-x64/launcher/copilot"
    # the number of the one that runs below is the launcher's word to it
    start env -C "$project" HOME="$HOME" "$BATS_TEST_TMPDIR/copilot-linux-x64/launcher/copilot" -c '
        COPILOT_LOADER_PID=$$ "$1" -c "read -r" copilot <>"$2" & echo $! >"$3"; wait' copilot \
        "$BATS_TEST_TMPDIR/copilot-linux-x64/launcher/copilot" <(:) "$BATS_TEST_TMPDIR/below"
    wait_until 60 test -s "$BATS_TEST_TMPDIR/below"
    pid=$(<"$BATS_TEST_TMPDIR/below")
    started_pids+=("$pid")
    wait_until 60 grep -q copilot "/proc/$pid/comm"
    touch -d "2 hours ago" "$STATE/$B/inuse.$pid.lock" # of an earlier process of that number
    live
    [ "$(json '.sessions[0].session_id')" = null ]
    echo "$pid" >"$STATE/$A/inuse.$pid.lock"
    live
    [ "$(json '.sessions[0].session_id')" = "$A" ]
    [ "$(json '.sessions[0].mapping.by')" = lock ]
    [ "$(json '.sessions[0].mapping.confidence')" = likely ]
}

@test "two in one directory are told apart, and one that has said nothing has no other's session" {
    add_session "$A" "$project"
    answer "$A"
    hold "$A"
    client
    exec 8>&-
    first=$pid
    client
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 2 ]
    [ "$(json ".sessions.find(s => s.pid == $first).session_id")" = "$A" ]
    [ "$(json ".sessions.find(s => s.pid == $pid).session_id")" = null ]
    [ "$(json ".sessions.find(s => s.pid == $pid).mapping.confidence")" = none ]
}

@test "one that is ended is backed up before, and its session is there to be resumed" {
    add_session "$A" "$project"
    answer "$A"
    hold "$A"
    client
    exec 8>&-
    rescue --kill "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    run ! kill -0 "$pid"
    [ -n "$(ls "$PENDING"/*-LOSSLESS-copilot-"$A".sha256)" ]
}

@test "one that asks whether a tool may run waits for its user" {
    client "--resume=$A"
    add_session "$A" "$project"
    call "$A"
    record "$A" permission.requested '{"requestId":"r1","permissionRequest":{"kind":"shell","toolCallId":"c1"}}'
    live
    [ "$(json '.sessions[0].verdict')" = waiting ]
    record "$A" permission.completed '{"requestId":"r1","toolCallId":"c1","result":{"kind":"approved"}}'
    live
    [ "$(json '.sessions[0].verdict')" != waiting ]
    record "$A" assistant.turn_end '{"turnId":"0"}'
    record "$A" abort '{"reason":"user_abort"}'
    live
    [ "$(json '.sessions[0].verdict')" = idle ]
}

@test "nothing that its records leave open is called hung by them alone" {
    client "--resume=$A"
    add_session "$A" "$project"
    rescue --status --json --timeout 0 "${ONLY[@]}"
    [ "$(json '.counts.hung')" -eq 0 ]
    call "$A"
    rescue --status --json --timeout 0 "${ONLY[@]}"
    [ "$(json '.counts.hung')" -eq 0 ]
    [[ $(json '.sessions[0].evidence.join()') == *bash* ]]
}

@test "its helpers are not listed, nor a server without sessions; another program of that name is said" {
    client login
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
    end_started
    started_pids=()
    client --acp
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
    end_started
    started_pids=()
    add_session "$A" "$project"
    answer "$A"
    hold "$A"
    client --acp
    exec 8>&-
    live
    [ "$(json '.sessions[0].kind')" = editor ]
    [ "$(json '.sessions[0].session_id')" = "$A" ]
    end_started
    # shellcheck disable=SC2034 # teardown ends them
    started_pids=()
    mkdir "$BATS_TEST_TMPDIR/bin"
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/bin/copilot"
    start env HOME="$HOME" "$BATS_TEST_TMPDIR/bin/copilot" 60
    wait_until 60 grep -q copilot "/proc/$started/comm"
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
    [[ $(json '.problems.map(p => p.text).join()') == *"is called as copilot is, and is no program of it"* ]]
}

@test "what a tool left running is named with the session, once its client is gone" {
    add_session "$A" "$project"
    call "$A"
    add_session "$B" "$project"
    hold "$B"
    client
    exec 8>&-
    (exec setsid env "COPILOT_AGENT_SESSION_ID=$A" sleep 300 3>&-) &
    local left=$!
    started_pids+=("$left")
    wait_until 60 grep -qz "COPILOT_AGENT_SESSION_ID=$A" "/proc/$left/environ"
    (exec setsid env "COPILOT_AGENT_SESSION_ID=$B" sleep 300 3>&-) &
    started_pids+=("$!")
    rescue --resume --json "${ONLY[@]}"
    # below this shell, whose parents are no client
    [[ $(json ".sessions.find(s => s.session_id == '$A').notes.join()") == *"sleep (pid $left), which a tool of it started, outlived the client"* ]]
    [[ $(json ".sessions.find(s => s.session_id == '$B').notes.join()") != *outlived* ]]
    rescue --resume "$A" "${ONLY[@]}"
    [[ $output == *"outlived the client and still runs"* ]]
    kill -0 "$left"
}

# ---- what is done -------------------------------------------------------------------------------

@test "a backup holds the folder and nothing else, and is put back as it was" {
    command -v python3 >/dev/null || skip "no Python here"
    add_session "$A" "$project" "a word of MINE"
    answer "$A"
    add_session "$B" "$project" "a word of OTHERS"
    mkdir -p "$STATE/$A/checkpoints" "$STATE/$A/files/deep"
    echo "# what was done" >"$STATE/$A/checkpoints/001.md"
    printf 'bytes\0of a file' >"$STATE/$A/files/deep/x.bin"
    echo 7 >"$STATE/$A/inuse.7.lock"
    python3 -c '
import sqlite3, sys
file, a, b = sys.argv[1:]
db = sqlite3.connect(file)
db.execute("CREATE TABLE sessions(id TEXT PRIMARY KEY, summary TEXT)")
db.execute("CREATE TABLE turns(id INTEGER PRIMARY KEY, session_id TEXT, turn_index INTEGER, user_message TEXT)")
db.executemany("INSERT INTO sessions VALUES(?, ?)", [(a, "SUMMARY-OF-A"), (b, "OTHERS")])
db.executemany("INSERT INTO turns VALUES(NULL, ?, 0, ?)", [(a, "TURN-OF-A"), (b, "OTHERS")])
db.commit()' "$DATA/session-store.db" "$A" "$B"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    for word in SUMMARY-OF-A TURN-OF-A; do
        find "$PENDING" -name 'session-store.db.rows.jsonl' -exec cat {} + | grep -q $word
    done
    stem=$(basename "$PENDING"/*.sha256 .sha256)
    [[ $stem == *-LOSSLESS-copilot-"$A" ]]
    run grep -rqE 'OTHERS|TOKEN' "$PENDING"
    [ "$status" -eq 1 ]
    [ -z "$(find "$PENDING" -name 'inuse*')" ]
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
    rm "$STATE/$A/inuse.7.lock"
    mv "$STATE/$A" "$HOME/was"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"copilot --resume=$A"* ]]
    diff -r "$HOME/was" "$STATE/$A"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"already exported"* ]]
}

@test "a home that does not exist yet gets the session" {
    add_session "$A" "$project"
    answer "$A"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    rescue --restore "$A" --config-dir "$HOME/fresh" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    diff -r "$STATE/$A/events.jsonl" "$HOME/fresh/session-state/$A/events.jsonl"
}

@test "lines that are no record are told, with what the client would do to them, and not mended" {
    add_session "$A" "$project"
    answer "$A"
    rescue --check "$A" "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"1 sound"* ]]
    printf '%s%s\n' '{"type":"a.b","data":{},"id":"1","timestamp":"t","parentId":"p"}' \
        '{"type":"a.b","data":{},"id":"2","timestamp":"t","parentId":"p"}' >>"$STATE/$A/events.jsonl"
    printf '{"type":"assistant.mess' >>"$STATE/$A/events.jsonl"
    before=$(sha256sum "$STATE/$A/events.jsonl")
    rescue --check "$A" "${ONLY[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"glued: the client leaves out all records of the line"*"lost unless they were backed up"* ]]
    [[ $output == *"torn-tail: the client leaves the line out when it resumes"* ]]
    rescue --repair "$A" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -ne 0 ]
    [ "$before" = "$(sha256sum "$STATE/$A/events.jsonl")" ]
}

@test "what was said is shown and found" {
    add_session "$A" "$project" "buy some quinces"
    call "$A"
    record "$A" tool.execution_complete '{"toolCallId":"c1","success":true,"result":{"content":"slept"}}'
    answer "$A"
    rescue --context "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"buy some quinces"*"sleep 9"*"bought"* ]]
    rescue --context "$STATE/$A/events.jsonl" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"buy some quinces"* ]]
    rescue --search quinces "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"${A:0:8}"* ]]
}

@test "a line that breaks off is kept, and said" {
    add_session "$A" "$project"
    printf '{"type":"assistant.mess' >>"$STATE/$A/events.jsonl"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"its last line breaks off"* ]]
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
    mv "$STATE/$A" "$HOME/was"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
}

@test "what a client that is gone has left is named: an open turn, and its lock; neither is touched" {
    add_session "$A" "$project" "buy milk" 60
    call "$A"
    sleep 0 & gone=$!
    wait "$gone"
    touch "$STATE/$A/inuse.$gone.hold" "$STATE/$A/inuse.$$.lock" # of this one it is not known that it is gone
    add_session "$B" "$project" "buy eggs" 60
    answer "$B" 60
    rescue --resume --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json ".sessions.find(s => s.session_id == '$A').unfinished")" = "bash has no result" ]
    notes=$(json ".sessions.find(s => s.session_id == '$A').notes.join('|')")
    [ "$notes" = "its last turn was not finished: bash has no result|session-state/$A/inuse.$gone.hold is left: process $gone, which it names, does not run here" ]
    [ "$(json ".sessions.find(s => s.session_id == '$B').unfinished")" = null ]
    [ "$(json ".sessions.find(s => s.session_id == '$B').notes.length")" -eq 0 ]
    rescue --resume "${ONLY[@]}"
    [[ $output == *"note: its last turn was not finished: bash has no result"* ]]
    touch -d "1 hour ago" "$STATE/$A/inuse.$$.lock" # older than the process of that number
    rescue --resume "${ONLY[@]}"
    [[ $output == *"inuse.$$.lock is left: process $$, which it names, does not run here"* ]]
    rescue --check "$A" "$B" "${ONLY[@]}"
    [ "$(grep -c 'its last turn was not finished: bash has no result' <<<"$output")" -eq 1 ]
    rescue --check --json "${ONLY[@]}" # each file for itself, without the listing's look
    [ "$(json ".transcripts.find(t => t.session_id == '$A').unfinished")" = "bash has no result" ]
    [ "$(json ".transcripts.find(t => t.session_id == '$B').unfinished")" = null ]
    [ -e "$STATE/$A/inuse.$gone.hold" ]
    client --resume="$A" # now a process has it, whose turn it is
    rescue --resume --json "${ONLY[@]}"
    [ "$(json ".sessions.find(s => s.session_id == '$A').unfinished")" = null ]
    rescue --check --json "$A" "${ONLY[@]}"
    [ "$(json '.transcripts[0].unfinished')" = null ]
}
