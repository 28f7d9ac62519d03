#!/usr/bin/env bats
# Which processes are clients, and which only look so.

load helper

setup()
{
    scratch_project
    id=00000000-0000-4000-8000-000000000001
}

teardown()
{
    end_started
}

list()
{
    rescue --status --json --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

# As the decoys must be found or not by their looks alone, none registers itself.
client_as()
{
    fake --no-registry --cwd "$project" --session "$id" -- "$@"
}

@test "a client started by the path of its version" {
    client_as "$client"
    list
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
    [ "$(json '.sessions[0].agent')" = claude ]
}

@test "a client started through its link" {
    ln -s "$client" "$BATS_TEST_TMPDIR/claude"
    client_as "$BATS_TEST_TMPDIR/claude"
    list
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
}

@test "a client in a node_modules folder, under the name that npm gives it" {
    local folder=$BATS_TEST_TMPDIR/node_modules/@anthropic-ai/claude-code/bin
    mkdir -p "$folder"
    cp "$client" "$folder/claude.exe"
    client_as "$folder/claude.exe"
    list
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
}

@test "a client whose program was replaced by an update is found, and it is said" {
    client_as "$client"
    rm "$client"
    list
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
    [[ $(json '.sessions[0].notes') == *"replaced or removed"* ]]
}

@test "a client run by node, by its script" {
    local folder=$BATS_TEST_TMPDIR/node_modules/@anthropic-ai/claude-code
    mkdir -p "$folder"
    echo 'setInterval(() => {}, 1000)' >"$folder/cli.js"
    start node "$folder/cli.js"
    found() { list && [ "$(json '.sessions.map(s => s.pid)')" = "[$started]" ]; }
    wait_until 60 found
}

@test "a client run by node, by the title it gives itself" {
    echo 'process.title = "claude"; setInterval(() => {}, 1000)' >"$BATS_TEST_TMPDIR/main.js"
    start node "$BATS_TEST_TMPDIR/main.js"
    found() { list && [ "$(json '.sessions.map(s => s.pid)')" = "[$started]" ]; }
    wait_until 60 found
}

@test "a program of another name that is registered as a client" {
    cp "$client" "$BATS_TEST_TMPDIR/odd"
    fake --cwd "$project" --session "$id" -- "$BATS_TEST_TMPDIR/odd"
    list
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
    [ "$(json '.sessions[0].session_id')" = "$id" ]
}

@test "a client run by node, by its script in the folder that it is started in" {
    local folder=$BATS_TEST_TMPDIR/any/folder
    mkdir -p "$folder"
    echo '{ "name": "@anthropic-ai/claude-code", "version": "1.0.0" }' >"$folder/package.json"
    echo 'setInterval(() => {}, 1000)' >"$folder/cli.js"
    cd "$BATS_TEST_TMPDIR/any" || return
    start node folder/cli.js
    found() { list && [ "$(json '.sessions.map(s => s.pid)')" = "[$started]" ]; }
    wait_until 60 found
    # another package's is none
    echo '{ "name": "another-cli" }' >"$folder/package.json"
    list
    [ "$(json '.sessions')" = "[]" ]
}

@test "a client run by node, by npm's link to its script" {
    local folder=$BATS_TEST_TMPDIR/node_modules/@anthropic-ai/claude-code
    mkdir -p "$folder" "$BATS_TEST_TMPDIR/node_modules/.bin"
    echo 'setInterval(() => {}, 1000)' >"$folder/cli.js"
    ln -s ../@anthropic-ai/claude-code/cli.js "$BATS_TEST_TMPDIR/node_modules/.bin/claude"
    cd "$BATS_TEST_TMPDIR/node_modules" || return
    start node .bin/claude
    found() { list && [ "$(json '.sessions.map(s => s.pid)')" = "[$started]" ]; }
    wait_until 60 found
}

@test "other programs called claude are none, and it is said; a registered one is listed" {
    mkdir -p "$BATS_TEST_TMPDIR/claude/versions" "$BATS_TEST_TMPDIR/bin"
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/bin/claude"
    cp "$(command -v sleep)" "$BATS_TEST_TMPDIR/claude/versions/9.9.9"
    echo 'setInterval(() => {}, 1000)' >"$BATS_TEST_TMPDIR/script"
    mkdir "$BATS_TEST_TMPDIR/own"
    cp "$BATS_TEST_TMPDIR/script" "$BATS_TEST_TMPDIR/own/claude"
    local each pids=()
    start "$BATS_TEST_TMPDIR/bin/claude" 60
    pids+=("$started")
    start "$BATS_TEST_TMPDIR/claude/versions/9.9.9" 60
    pids+=("$started")
    start node "$BATS_TEST_TMPDIR/own/claude"
    pids+=("$started")
    said() { list; [ "$(json '.sessions')" = "[]" ] && [ "$(json '.problems.length')" = 3 ]; }
    wait_until 60 said
    for each in "${pids[@]}"; do
        [[ $(json '.problems') == *"/proc/$each"* ]]
        [[ $stderr == *"/proc/$each: "*" is called as claude is, and is no program of it that is known: left out"* ]]
    done
    mkdir -p "$CONFIG_DIR/sessions"
    printf '{"pid":%d,"procStart":"%s","sessionId":"%s","cwd":"/","version":"9.9.9","kind":"interactive","entrypoint":"cli","status":"idle"}' \
        "${pids[0]}" "$(sed 's/.*) //' "/proc/${pids[0]}/stat" | cut -d' ' -f20)" "$id" >"$CONFIG_DIR/sessions/${pids[0]}.json"
    list
    [ "$(json '.sessions.map(s => s.pid)')" = "[${pids[0]}]" ]
}

@test "programs that only speak of claude are none" {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir claude
    cp "$(command -v tail)" vim
    cp "$(command -v sleep)" claude/sleep
    touch claude.md x.jsonl
    mkfifo fifo
    start ./vim -f claude.md
    start tail -f "$BATS_TEST_TMPDIR/x.jsonl"
    start sh -c 'exec grep claude <>fifo'
    start claude/sleep 60
    start bash -c 'exec -a "claude" sleep 60'
    echo 'setInterval(() => {}, 1000)' >server.js
    start node server.js --name claude
    list
    [ "$(json '.sessions')" = "[]" ]
}

@test "the client's own helpers are none" {
    local folder=$BATS_TEST_TMPDIR/node_modules/@anthropic-ai/claude-code
    mkdir -p "$folder"
    echo 'setInterval(() => {}, 1000)' >"$folder/cli-wrapper.cjs"
    start node "$folder/cli-wrapper.cjs"
    client_as "$client" mcp serve
    client_as "$client" --version
    client_as "$client" --daemon-worker
    client_as "$client" --claude-in-chrome-mcp
    client_as "$client" update
    ln -s "$client" "$BATS_TEST_TMPDIR/rg"
    client_as "$BATS_TEST_TMPDIR/rg" pattern
    list
    [ "$(json '.sessions')" = "[]" ]
}

@test "an MCP server is a child of its client, and no session" {
    fake --cwd "$project" --session "$id" --server 'exec sleep 60' -- "$client"
    list
    [ "$(json '.sessions.length')" = 1 ]
    [ "$(json '.sessions[0].children.map(c => c.name)')" = '["sleep"]' ]
}

@test "the sessions of another config directory are not those that were asked for" {
    fake --cwd "$project" --session "$id" -- "$client"
    mkdir "$BATS_TEST_TMPDIR/other"
    rescue --status --json --config-dir "$BATS_TEST_TMPDIR/other"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions')" = "[]" ]
    CLAUDE_CONFIG_DIR=$BATS_TEST_TMPDIR/other fake --cwd "$project" --session "$id" -- "$client"
    rescue --status --json --config-dir "$BATS_TEST_TMPDIR/other"
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
    [ "$(json '.sessions[0].config_dir')" = "$BATS_TEST_TMPDIR/other" ]
}

@test "two names for one config directory show its sessions once" {
    fake --cwd "$project" --session "$id" -- "$client"
    ln -s "$CONFIG_DIR" "$BATS_TEST_TMPDIR/link"
    rescue --status --json --config-dir "$CONFIG_DIR" --config-dir "$BATS_TEST_TMPDIR/link" --config-dir "$CONFIG_DIR/"
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
}

@test "of a client whose config directory is another than the one that was asked for nothing is read" {
    mkdir -p "$BATS_TEST_TMPDIR/other/sessions" "$BATS_TEST_TMPDIR/asked"
    echo '{ broken' >"$BATS_TEST_TMPDIR/other/sessions/17.json"
    CLAUDE_CONFIG_DIR=$BATS_TEST_TMPDIR/other fake --cwd "$project" --session "$id" -- "$client"
    rescue --status --json --config-dir "$BATS_TEST_TMPDIR/asked"
    [ "$status" -eq 0 ]
    [ "$(json '.sessions')" = "[]" ]
    [ "$(json '.problems')" = "[]" ]
    [ -z "$stderr" ]
    # and of the one that was asked for it is told
    rescue --status --json --config-dir "$BATS_TEST_TMPDIR/other"
    [[ $(json '.problems') == *"17.json"* ]]
}
