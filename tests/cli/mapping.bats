#!/usr/bin/env bats
# Which session a process holds, by what evidence, and how sure.

load helper

setup()
{
    scratch_project
    a=aaaaaaaa-0000-4000-8000-000000000001
    b=bbbbbbbb-0000-4000-8000-000000000002
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

# What the listing says of one process: `of "$pid" '.session_id'`.
of()
{
    json ".sessions.find(s => s.pid === $1)$2"
}

mapped()
{
    of "$1" ' && (m => [m.session_id, m.mapping.by, m.mapping.confidence].join(" "))(d.sessions.find(s => s.pid === '"$1"'))'
}

@test "by the registry: exact, with terminal, directory and transcript" {
    fake --cwd "$project" --session "$a" -- "$client"
    list
    [ "$(mapped "$pid")" = "$a registry exact" ]
    [ "$(of "$pid" .tty)" = "$(ps -o tty= -p "$pid" | tr -d ' ')" ]
    [ "$(of "$pid" .cwd)" = "$project" ]
    [ "$(of "$pid" .transcript)" = "$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")/$a.jsonl" ]
    [ "$(of "$pid" .version)" = 2.1.197 ]
    [ "$(of "$pid" .kind)" = interactive ]
    [ "$(of "$pid" .first_prompt)" = hello ]
    [ "$(of "$pid" .resume_command)" = null ]
}

@test "by an old client's registry, which names no start time" {
    fake --old-registry --cwd "$project" --session "$a" -- "$client"
    list
    [ "$(mapped "$pid")" = "$a registry exact" ]
    # the same entry, of a process that was started an hour before
    sed -i 's/"startedAt":[0-9]*/"startedAt":1700000000000/' "$CONFIG_DIR/sessions/$pid.json"
    list
    [ "$(mapped "$pid")" = "$a transcript likely" ]
}

@test "by the command line: likely, for it may have moved on" {
    local form
    for form in "--resume $a" "-r $a" "--resume=$a" "--session-id $a" "--resume $project/$a.jsonl"; do
        # shellcheck disable=SC2086 # words
        fake --no-registry --turn none --cwd "$project" --session "$b" -- "$client" $form
        list
        [ "$(mapped "$pid")" = "$a argv likely" ]
    done
}

@test "a fork has another id than the session that it was begun from" {
    fake --no-registry --turn none --cwd "$project" --session "$b" -- "$client" --resume "$a" --fork-session
    list
    [ "$(of "$pid" .session_id)" = null ]
}

@test "by the one transcript that it can have written: likely" {
    stored "$b" "$project" "of yesterday" 24
    fake --no-registry --cwd "$project" --session "$a" -- "$client"
    list
    [ "$(mapped "$pid")" = "$a transcript likely" ]
}

@test "two processes and two transcripts in one directory are not told apart" {
    fake --no-registry --cwd "$project" --session "$a" -- "$client"
    first=$pid
    fake --no-registry --cwd "$project" --session "$b" -- "$client"
    touch "$CONFIG_DIR"/projects/*/*.jsonl
    list
    for process in "$first" "$pid"; do
        [ "$(of "$process" .session_id)" = null ]
        [ "$(of "$process" .mapping.confidence)" = ambiguous ]
        [ "$(of "$process" '.mapping.candidates.sort()')" = "[\"$a\",\"$b\"]" ]
    done
    # a stored session that a live process may have is not offered
    rescue --resume --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output != *"claude --resume"* ]]
    [[ $output == *"pid $first may have it"* || $output == *"pid $pid may have it"* ]]
}

@test "what one process claims leaves the other for the rest" {
    fake --cwd "$project" --session "$a" -- "$client"
    fake --no-registry --cwd "$project" --session "$b" -- "$client"
    list
    [ "$(mapped "$pid")" = "$b transcript likely" ]
}

@test "a registry entry of another process with this pid is not believed" {
    fake --stale-registry --cwd "$project" --session "$a" -- "$client"
    list
    [ "$(mapped "$pid")" = "$a transcript likely" ]
    # and one whose process is no client at all
    start sleep 60
    sed "s/\"pid\":[0-9]*/\"pid\":$started/" "$CONFIG_DIR/sessions/$pid.json" >"$CONFIG_DIR/sessions/$started.json"
    list
    [ "$(json '.sessions.map(s => s.pid)')" = "[$pid]" ]
    [ -z "$stderr" ]
}

@test "by a tool's environment where the registry says nothing" {
    fake --no-registry --turn none --cwd "$project" --session "$a" --child 'exec sleep 60' -- "$client"
    list
    [ "$(mapped "$pid")" = "$a child-environment likely" ]
}

@test "a tool that was started since knows better than the registry" {
    fake --cwd "$project" --session "$b" --child 'exec sleep 60' -- "$client"
    sed -i "s/$b/$a/" "$CONFIG_DIR/sessions/$pid.json"
    touch -d '1 minute ago' "$CONFIG_DIR/sessions/$pid.json"
    list
    [ "$(mapped "$pid")" = "$b child-environment exact" ]
    [[ $(of "$pid" .notes) == *"the registry names session $a"* ]]
}

@test "two processes on one session are twins" {
    fake --cwd "$project" --session "$a" -- "$client"
    first=$pid
    fake --cwd "$project" --session "$a" -- "$client" --resume "$a"
    list
    [ "$(of "$first" .twins)" = "[$pid]" ]
    [ "$(of "$pid" .twins)" = "[$first]" ]
    rescue --status --config-dir "$CONFIG_DIR"
    [[ $output == *"TWIN of pid $first"* ]]
}

@test "a client that another's tool started names its parent" {
    fake --cwd "$project" --session "$a" \
        --child "exec '$TEST_PROGRAMS/fake-agent' --no-terminal --session $b -- '$client' -p hi" -- "$client"
    # it runs a moment before it has said which session it is
    nested() { list && [ "$(json '.sessions.filter(s => s.session_id).length')" = 2 ]; }
    wait_until 60 nested
    child=$(json ".sessions.find(s => s.pid !== $pid).pid")
    [ "$(of "$child" .parent_pid)" = "$pid" ]
    [ "$(of "$child" .parent_session_id)" = "$a" ]
    [ "$(of "$child" .session_id)" = "$b" ]
    [ "$(of "$pid" .parent_pid)" = null ]
    [ "$(of "$pid" .session_id)" = "$a" ]
}

@test "the session that the question comes from is marked: by a tool of it" {
    fake --cwd "$project" --session "$b" -- "$client"
    other=$pid
    fake --cwd "$project" --session "$a" \
        --child "'$SESSION_RESCUE' --status --json --config-dir '$CONFIG_DIR' >'$BATS_TEST_TMPDIR/new'; mv '$BATS_TEST_TMPDIR/new' '$BATS_TEST_TMPDIR/seen'; exec sleep 60" -- "$client"
    wait_until 60 test -s "$BATS_TEST_TMPDIR/seen"
    output=$(<"$BATS_TEST_TMPDIR/seen")
    [ "$(of "$pid" .current)" = true ]
    [ "$(of "$other" .current)" = false ]
    list
    [ "$(of "$pid" .current)" = false ]
}

@test "the session that the question comes from is marked: on its terminal" {
    fake --cwd "$project" --session "$b" -- "$client"
    other=$pid
    fake --cwd "$project" --session "$a" -- /bin/sh -c "
        '$client' </dev/tty &
        until grep -qs $a '$CONFIG_DIR'/sessions/*.json; do sleep 0.1; done
        '$SESSION_RESCUE' --status --json --config-dir '$CONFIG_DIR' >'$BATS_TEST_TMPDIR/new'
        mv '$BATS_TEST_TMPDIR/new' '$BATS_TEST_TMPDIR/seen'; wait"
    wait_until 60 test -s "$BATS_TEST_TMPDIR/seen"
    output=$(<"$BATS_TEST_TMPDIR/seen")
    [ "$(json ".sessions.find(s => s.session_id === '$a').current")" = true ]
    [ "$(of "$other" .current)" = false ]
}

@test "a pane of tmux is named" {
    private_tmux new-session -d -s s -x 80 -y 24 \
        "env -i HOME='$HOME' TMUX=\"\$TMUX\" TMUX_PANE=\"\$TMUX_PANE\" FAKE_AGENT='session=$a
status=idle
' '$client'"
    shown() { list && [ "$(json '.sessions.length')" = 1 ]; }
    wait_until 60 shown
    [ "$(json '.sessions[0].multiplexer.kind')" = tmux ]
    [ "$(json '.sessions[0].multiplexer.pane')" = "$(private_tmux display -p '#{pane_id}')" ]
    [ "$(json '.sessions[0].multiplexer.server')" = "$tmux_socket" ]
}
