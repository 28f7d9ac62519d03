#!/usr/bin/env bats
# Sessions of Goose: rows of a database that each test makes by the source, and a stand-in for its program.

load helper

A=20250921_3
B=20250921_31

setup()
{
    command -v python3 >/dev/null || skip "no Python here"
    scratch_project
    DATA=$HOME/.local/share/goose
    PENDING=$BATS_TEST_TMPDIR/pending
    mkdir -p "$DATA/sessions" "$BATS_TEST_TMPDIR/bin"
    ONLY=(--config-dir "$DATA")
    DIRS=(--pending-dir "$PENDING" --log-dir "$BATS_TEST_TMPDIR/log")
    sql "PRAGMA journal_mode = WAL;
        CREATE TABLE schema_version(version INTEGER PRIMARY KEY);
        CREATE TABLE sessions(id TEXT PRIMARY KEY, name TEXT, working_dir TEXT NOT NULL,
            created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
            extension_data TEXT DEFAULT '{}', recipe_json TEXT);
        CREATE TABLE messages(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, role TEXT NOT NULL,
            content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL, metadata_json TEXT);"
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
os._exit(0)' "$DATA/sessions/sessions.db" "$1"
}

# add_session ID WORD: a prompt, a call with its result, a reply.
add_session()
{
    sql "INSERT INTO sessions(id, name, working_dir, extension_data, recipe_json)
            VALUES('$1', 'a title', '$project', '{\"envs\":{\"KEY\":\"SECRET-OF-AN-EXTENSION\"}}',
            '{\"extensions\":[{\"envs\":{\"KEY\":\"SECRET-OF-A-RECIPE\"}}]}');
        INSERT INTO messages(session_id, role, content_json, created_timestamp) VALUES
        ('$1', 'user', '[{\"type\":\"text\",\"text\":\"buy $2\"}]', 1790000000),
        ('$1', 'assistant', '[{\"type\":\"toolRequest\",\"id\":\"c1\",\"toolCall\":{\"status\":\"success\",\"value\":{\"name\":\"shell\",\"arguments\":{\"command\":\"ls\"}}}}]', 1790000001),
        ('$1', 'user', '[{\"type\":\"toolResponse\",\"id\":\"c1\",\"toolResult\":{\"status\":\"success\",\"value\":[{\"type\":\"text\",\"text\":\"the listing\"}]}}]', 1790000002),
        ('$1', 'assistant', '[{\"type\":\"text\",\"text\":\"bought $2\"}]', 1790000003);"
}

problems() { json '.problems.map(p => p.text).join()'; }

@test "goose: stored sessions are listed, each with its command" {
    add_session "$A" milk
    rescue --resume --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions.map(s => [s.agent, s.session_id, s.cwd, s.first_prompt, s.transcript].join("|")).join()')" = \
        "goose|$A|$project|buy milk|" ]
    [ "$(json '.sessions[0].parts[0].path')" = "$DATA/sessions/sessions.db" ]
    rescue_apart --resume --json --agent goose
    [ "$(json '.sessions[0].resume_command')" = "cd $project && goose session --resume --session-id $A" ]
}

@test "goose: a backup holds the rows of one session, and no secret" {
    add_session "$A" milk
    add_session "$B" bread
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    file=$(echo "$PENDING"/*-LOSSLESS-goose-"$A".jsonl)
    [ "$(grep -c '"table":"messages"' "$file")" -eq 4 ]
    grep -q '"table":"sessions".*a title' "$file"
    # one id is the beginning of the other
    run grep -rqE "bread|$B|SECRET" "$PENDING"
    [ "$status" -eq 1 ]
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"already exported"* ]]
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -ne 0 ]
    # the file alone is known again
    rescue --context "$file" --format json
    [[ $output == *"bought milk"* && $output == *"the listing"* && $output == *shell* ]]
}

@test "goose: what was said is printed, and found" {
    add_session "$A" milk
    rescue --context "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"buy milk"*shell*ls*"bought milk"* ]]
    rescue --search bought milk "${ONLY[@]}" --index-dir "$HOME/index" "${DIRS[@]}"
    [[ $output == *"$A"* || $output == *20250921* ]]
}

@test "goose: a database that is absent, a pipe, torn, huge or of another form" {
    rm "$DATA"/sessions/*
    rescue --resume --all --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions.concat(d.problems).length')" -eq 0 ]
    [ -z "$(ls "$DATA/sessions")" ]
    mkfifo "$DATA/sessions/sessions.db"
    rescue --resume --all --json "${ONLY[@]}"
    [[ $(problems) == *sessions.db* ]]
    rm "$DATA/sessions/sessions.db"
    head -c 5000 /dev/urandom >"$DATA/sessions/sessions.db"
    rescue --resume --all --json "${ONLY[@]}"
    [[ $(problems) == *"its sessions cannot be read: file is not a database"* ]]
    truncate -s 0 "$DATA/sessions/sessions.db"
    truncate -s 5G "$DATA/sessions/sessions.db"
    rescue --resume --all --json "${ONLY[@]}"
    [[ $(problems) == *"its sessions cannot be read"* ]]
    rm "$DATA"/sessions/*
    sql "CREATE TABLE sessions(id TEXT)"
    rescue --resume --all --json "${ONLY[@]}"
    [[ $(problems) == *"no such column"* ]]
    [ "$(json '.sessions.length')" -eq 0 ]
}

@test "goose: ids and directories that none can have are named, and the others listed" {
    add_session "$A" milk
    sql "INSERT INTO sessions(id, working_dir) VALUES('../../etc', '/tmp'), ('20250921_9', 'relative')"
    rescue --resume --all --json "${ONLY[@]}"
    [ "$(json '.sessions.map(s => s.session_id).join()')" = "$A" ]
    [[ $(problems) == *"that none can have"* ]]
}

@test "goose: a live one is mapped by its command line, and never called hung" {
    add_session "$A" milk
    program=$BATS_TEST_TMPDIR/bin/goose
    cp "$TEST_PROGRAMS/fake-agent" "$program"
    fake --no-registry --turn none --cwd "$project" -- "$program" session --resume --session-id "$A"
    rescue --status --json --timeout 0 "${ONLY[@]}"
    [ "$(json '.sessions.map(s => [s.pid, s.session_id, s.mapping.by].join("|")).join()')" = "$pid|$A|argv" ]
    [ "$(json '.counts.hung')" -eq 0 ]
    rescue --kill "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 4 ]
    kill -0 "$pid"
}

@test "goose: another program of that name is not taken for it" {
    program=$BATS_TEST_TMPDIR/bin/goose
    cp "$TEST_PROGRAMS/fake-agent" "$program"
    fake --no-registry --turn none --cwd "$project" -- "$program" postgres up
    rescue --status --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 0 ]
}
