#!/usr/bin/env bats
# --resume: what is listed, and that each command does what it says when it is pasted.

load helper

setup()
{
    scratch_home
    a=aaaaaaaa-0000-4000-8000-000000000001
    b=bbbbbbbb-0000-4000-8000-000000000002
    tricks=$BATS_TEST_TMPDIR/tricks
    mkdir "$tricks"
}

teardown()
{
    end_started
}

list()
{
    rescue --resume "$@" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

# The one command in a listing.
command_of()
{
    list >/dev/null
    grep -F 'claude --resume' <<<"$output" | sed 's/^  //'
}

# A client that writes down where it was started, and with what.
recording_client()
{
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    cat >"$BATS_TEST_TMPDIR/bin/claude" <<'SCRIPT'
#!/bin/bash
printf '%s\0' "$PWD" "${CLAUDE_CONFIG_DIR-unset}" "$@" >"$RECORD"
SCRIPT
    chmod +x "$BATS_TEST_TMPDIR/bin/claude"
}

# Run a command in a shell as if it had been pasted; what the client saw: $seen.
paste_into()
{
    export RECORD=$BATS_TEST_TMPDIR/record
    rm -f "$RECORD"
    (cd "$tricks" && PATH=$BATS_TEST_TMPDIR/bin:$PATH "$1" -c "$2")
    mapfile -d '' -t seen <"$RECORD"
}

@test "newest first, with first prompt, size, age and command" {
    mkdir "$tricks/old" "$tricks/new"
    stored "$a" "$tricks/old" "fix the parser" 50
    stored "$b" "$tricks/new" "write the manual" 3
    list
    mapfile -t lines <<<"$output"
    [[ ${lines[0]} == SESSION*SIZE*LAST*"FIRST PROMPT" ]]
    [[ ${lines[1]} == "${b%%-*}  "*B*"write the manual" ]]
    [ "${lines[2]}" = "  cd $tricks/new && claude --resume $b" ]
    [[ ${lines[3]} == "${a%%-*}  "*"fix the parser" ]]
    [ "${lines[4]}" = "  cd $tricks/old && claude --resume $a" ]
    [ "${#lines[@]}" -eq 5 ]
    rescue --resume --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions.map(s => s.session_id)')" = "[\"$b\",\"$a\"]" ]
    [ "$(json '.sessions[0].resume_command')" = "cd $tricks/new && claude --resume $b" ]
    [ "$(json '.sessions[0].size_bytes')" = "$(wc -c <"$transcript")" ]
    [ "$(json '.sessions[0].verdict')" = null ]
    [ "$(json '.sessions[0].mapping.by')" = store ]
    [ "$(json '.counts.stored')" = 2 ]
}

@test "a directory of any name: the command goes there, in any shell, and does nothing else" {
    recording_client
    local directory shell
    for directory in 'two words' "it's" 'a"b' '$(touch x)' '`touch x`' $'line\nbreak' $'end\n' $'esc\e[31m' \
        '-n' '--' '~' '*' 'a;touch x' 'a&touch x' '!!' '%s%n' 'back\slash' 'two\\slashes' "quoted\\'" 'at the end\' \
        $'tab\there' 'é文字' '#no' ''; do
        rm -rf "$CONFIG_DIR/projects"
        mkdir -p "$tricks/$directory"
        stored "$a" "$tricks${directory:+/$directory}"
        command=$(command_of)
        for shell in sh dash bash zsh fish; do
            command -v "$shell" >/dev/null || continue
            paste_into "$shell" "$command"
            [ "${seen[0]}" = "$tricks${directory:+/$directory}" ]
            [ "${seen[*]:1}" = "unset --resume $a" ]
        done
        [ -z "$(find "$BATS_TEST_TMPDIR" -name x)" ]
        # it must be safe to look at, too
        [[ $command != *[[:cntrl:]]* ]]
    done
}

@test "a directory that is gone: the transcript's path resumes from anywhere" {
    recording_client
    stored "$a" "$tricks/gone"
    command=$(command_of)
    paste_into sh "$command"
    [ "${seen[*]}" = "$tricks unset --resume $transcript" ]
    list
    [[ $output == *"note: its directory $tricks/gone is gone"* ]]
}

@test "a transcript that was moved to the folder of another directory resumes by its path" {
    recording_client
    stored "$a" "$tricks"
    mkdir "$CONFIG_DIR/projects/-elsewhere"
    mv "$transcript" "$CONFIG_DIR/projects/-elsewhere/"
    paste_into sh "$(command_of)"
    [ "${seen[*]:2}" = "--resume $CONFIG_DIR/projects/-elsewhere/$a.jsonl" ]
}

@test "a config directory that is not the usual one is in the command" {
    recording_client
    CONFIG_DIR="$BATS_TEST_TMPDIR/my config"
    stored "$a" "$tricks"
    paste_into sh "$(command_of)"
    [ "${seen[*]}" = "$tricks $CONFIG_DIR --resume $a" ]
}

@test "a usual session, while the environment names another config directory: the command unsets it" {
    recording_client
    stored "$a" "$tricks"
    rescue_under env CLAUDE_CONFIG_DIR="$BATS_TEST_TMPDIR" -- --resume --config-dir "$CONFIG_DIR"
    command=$(grep -F 'claude --resume' <<<"$output")
    [[ $command == *"env -u CLAUDE_CONFIG_DIR claude --resume $a" ]]
    CLAUDE_CONFIG_DIR=$BATS_TEST_TMPDIR paste_into sh "$command"
    [ "${seen[*]}" = "$tricks unset --resume $a" ]
    # and where the environment names the session's own directory, nothing needs to be said
    rescue_under env CLAUDE_CONFIG_DIR="$CONFIG_DIR" -- --resume --config-dir "$CONFIG_DIR"
    [[ $output == *"  cd $tricks && claude --resume $a"* ]]
}

@test "of a client that had another home, the config directory is in the command" {
    recording_client
    install_client
    local other=$BATS_TEST_TMPDIR/another
    mkdir -p "$other/.claude/projects" "$other/.claude/sessions"
    HOME=$other fake --cwd "$tricks" --session "$a" -- "$client"
    rescue --kill "$pid" --force --config-dir "$other/.claude" --pending-dir "$HOME/pending" --log-dir "$HOME/log"
    [ "$status" -eq 0 ]
    paste_into sh "$(grep -F 'claude --resume' <<<"$output")"
    [ "${seen[*]}" = "$tricks $other/.claude --resume $a" ]
}

# Every way to name a config directory from where one stands: the command is pasted elsewhere.
@test "a relative config directory is absolute in commands, JSON and manifest" {
    recording_client
    a=$(</proc/sys/kernel/random/uuid) # others' sessions are listed, too, where no directory is named
    CONFIG_DIR="$BATS_TEST_TMPDIR/x/my config"
    mkdir -p "$BATS_TEST_TMPDIR/y"
    stored "$a" "$tricks"
    for dir in "./my config" "my config" "../x/my config" ".//my config/"; do
        rescue_under env -C "$BATS_TEST_TMPDIR/x" -- --resume --config-dir "$dir"
        command=$(grep -F "claude --resume $a" <<<"$output" | sed 's/^  //')
        paste_into sh "$command"
        [[ ${seen[1]} == /* && ${seen[1]} -ef $CONFIG_DIR ]]
        rescue_under env -C "$BATS_TEST_TMPDIR/x" -- --resume --json --config-dir "$dir"
        [[ $(json '.sessions[0].config_dir') == /* && $(json '.sessions[0].resume_command') == *"CLAUDE_CONFIG_DIR='/"* ]]
        # the environment's own: the client would look for it below the directory that the command goes to
        rescue_under env -C "$BATS_TEST_TMPDIR/x" CLAUDE_CONFIG_DIR="$dir" -- --resume --all
        command=$(grep -F "claude --resume $a" <<<"$output" | sed 's/^  //')
        paste_into sh "$command"
        [[ ${seen[1]} == /* && ${seen[1]} -ef $CONFIG_DIR ]]
        rm -rf "$HOME/pending"
        rescue_under env -C "$BATS_TEST_TMPDIR/x" -- --export --all --json --config-dir "$dir" --pending-dir "$HOME/pending" --log-dir "$HOME/log"
        [[ $(json '.exports[0].resume_command') == *"CLAUDE_CONFIG_DIR='/"* ]]
        output=$(<"$(json '.exports[0].backup' | sed 's/jsonl$/json/')")
        [[ $(json '.config_dir') == /* && $(json '.files[0].source') == /* ]]
        rm -rf "$BATS_TEST_TMPDIR/y/new"
        rescue_under env -C "$BATS_TEST_TMPDIR/y" -- --restore "$a" --json --config-dir ./new --pending-dir "$HOME/pending" --log-dir "$HOME/log"
        [ "$status" -eq 0 ]
        [ "$(json '.config_dir')" = "$BATS_TEST_TMPDIR/y/new" ]
        [[ $(json '.resume_command') == *"CLAUDE_CONFIG_DIR=$BATS_TEST_TMPDIR/y/new "* ]]
    done
}

@test "a relative home, and a config directory that is the working directory itself" {
    recording_client
    a=$(</proc/sys/kernel/random/uuid) # others' sessions are listed, too, where no directory is named
    stored "$a" "$tricks"
    rescue_under env -C "$CONFIG_DIR" -- --resume --config-dir .
    [[ $output != *CLAUDE_CONFIG_DIR=* ]] # it is the usual one
    rescue_under env -C "$HOME" HOME=. -- --resume --all
    [[ $output == *"CLAUDE_CONFIG_DIR=$CONFIG_DIR claude --resume $a"* ]]
}

@test "a session that a live process holds has no command, and says who holds it" {
    install_client
    stored "$b" "$tricks"
    fake --cwd "$tricks" --session "$a" -- "$client"
    list
    [[ $output == *"$a  held by pid $pid on pts/"* ]]
    [ "$(grep -c 'claude --resume' <<<"$output")" -eq 1 ]
    rescue --resume --json --config-dir "$CONFIG_DIR"
    [ "$(json ".sessions.find(s => s.session_id === '$a').resume_command")" = null ]
    [ "$(json ".sessions.find(s => s.session_id === '$a').pid")" = "$pid" ]
}

@test "WHICH: an id, the beginning of one in either case, a pid, a terminal" {
    install_client
    stored "$b" "$tricks"
    for which in "$b" "${b:0:8}" "${b:0:13}" BBBBBBBB; do
        list "$which"
        [[ $output == *"claude --resume $b" ]]
    done
    fake --cwd "$tricks" --session "$a" -- "$client"
    tty=$(ps -o tty= -p "$pid" | tr -d ' ')
    for which in "$a" "$pid" "$tty" "/dev/$tty"; do
        list "$which"
        [[ $output == *"$a  held by pid $pid"* ]]
        [[ $output != *"$b"* ]]
    done
    list "$a" "$b"
    [[ $output == *"$a"* && $output == *"$b"* ]]
}

@test "WHICH that names nothing: exit 2, and what there is" {
    install_client
    fake --cwd "$tricks" --session "$a" -- "$client"
    for which in 99999999-0000-4000-8000-000000000009 pts/99999; do
        rescue --resume "$which" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 2 ]
        [ -z "$output" ]
        [[ $stderr == *"$which"*"$a  pid $pid on pts/"*"$tricks"* ]]
    done
    rescue --resume 4000000 --config-dir "$CONFIG_DIR"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == *"there is no process 4000000"* ]]
}

@test "WHICH that names several: exit 2, and each of them" {
    stored "cccccccc-0000-4000-8000-000000000001" "$tricks"
    stored "cccccccc-0000-4000-8000-000000000002" "$tricks"
    rescue --resume cccccccc --config-dir "$CONFIG_DIR"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == *"2 sessions"*"cccccccc-0000-4000-8000-000000000001"* ]]
    [[ $stderr == *"cccccccc-0000-4000-8000-000000000002"* ]]
}

@test "WHICH that can name nothing is a usage error" {
    for which in "" abc aaaaaaa 0 -- 'pts/x' ../.. "$a$a"; do
        rescue --resume --config-dir "$CONFIG_DIR" -- "$which"
        [ "$status" -eq 2 ]
        [ -z "$output" ]
        [ -n "$stderr" ]
    done
}

@test "more than a page: the newest are shown, the number of the rest is said, --all shows them" {
    for n in $(seq -w 25); do
        stored "dddddddd-0000-4000-8000-0000000000$n" "$tricks" "prompt $n" "$((10#$n))"
    done
    list
    [ "$(grep -c 'claude --resume' <<<"$output")" -eq 20 ]
    [[ $output == *"prompt 01"* && $output == *"prompt 20"* && $output != *"prompt 21"* ]]
    [[ $output == *"20 of 25 sessions shown"* ]]
    list --all
    [ "$(grep -c 'claude --resume' <<<"$output")" -eq 25 ]
    [[ $output != *"sessions shown"* ]]
    # one that is asked for is found on any page
    list dddddddd-0000-4000-8000-000000000025
    [[ $output == *"prompt 25"* ]]
}

@test "text of a transcript cannot drive the terminal" {
    stored "$a" "$tricks" $'\e]0;owned\a\e[2Jhello\r\nworld\u202e\x9b31m'
    list
    [[ $output == *'\x1b]0;owned'*hello* ]]
    [ "$(tr -d '\n' <<<"$output" | tr -d '[:cntrl:]')" = "$(tr -d '\n' <<<"$output")" ]
    [[ $output != *$'\u202e'* ]]
    rescue --resume --json --config-dir "$CONFIG_DIR"
    [ "$(tr -d '\n' <<<"$output" | tr -d '[:cntrl:]')" = "$(tr -d '\n' <<<"$output")" ]
    [[ $(json '.sessions[0].first_prompt') == *hello* ]]
}
