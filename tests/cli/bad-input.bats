#!/usr/bin/env bats
# Stores that are broken or hostile: what cannot be read is named once, the rest is still listed.

load helper

setup()
{
    scratch_home
    a=aaaaaaaa-0000-4000-8000-000000000001
    b=bbbbbbbb-0000-4000-8000-000000000002
    stored "$a" /tmp/well "the one that is well"
    folder=${transcript%/*}
}

teardown()
{
    end_started
    [ -z "${shared-}" ] || rm -rf "$shared"
}

# Exactly one line on standard error speaks of it.
named_once()
{
    [ "$(grep -cF -- "$1" <<<"$stderr")" -eq 1 ]
}

# The listing must not depend on what is broken, nor wait for it.
resume_list()
{
    rescue_under timeout --signal=KILL 60 -- --resume "$@" --config-dir "$CONFIG_DIR"
    [ "$status" -eq "${expected_status-0}" ]
    [[ $output == *"the one that is well"* ]]
}

status_list()
{
    rescue_under timeout --signal=KILL 60 -- --status --json "$@" --config-dir "$CONFIG_DIR"
    # 1: not all could be looked at
    [ "$status" -le 1 ]
}

# A copy of the store that another user can reach, and the command to be that user.
as_nobody()
{
    nobody=()
    [ "$(id -u)" -eq 0 ] || return 0
    command -v setpriv >/dev/null || skip "nobody else can be played here"
    shared=$(mktemp -d)
    chmod 711 "$shared"
    cp -a "$HOME" "$shared/home"
    HOME=$shared/home
    folder=${folder/"$CONFIG_DIR"/"$HOME/.claude"}
    CONFIG_DIR=$HOME/.claude
    nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chown -R 65534:65534 "$HOME"
    "${nobody[@]}" test -x "$SESSION_RESCUE" || skip "another user cannot run $SESSION_RESCUE"
}

@test "a config directory that is missing" {
    expected_status=3 resume_list --config-dir "$BATS_TEST_TMPDIR/missing"
    named_once "$BATS_TEST_TMPDIR/missing"
    [[ $stderr == *"no such file or directory"* ]]
}

@test "a config directory that is a file, a loop of links, a FIFO" {
    local bad
    touch "$BATS_TEST_TMPDIR/file"
    ln -s loop "$BATS_TEST_TMPDIR/loop"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    for bad in file loop fifo; do
        expected_status=1 resume_list --config-dir "$BATS_TEST_TMPDIR/$bad"
        named_once "$BATS_TEST_TMPDIR/$bad"
    done
}

@test "a config directory that may not be read" {
    mkdir "$HOME/locked"
    as_nobody
    chmod 0 "$HOME/locked"
    rescue_under "${nobody[@]}" -- --resume --config-dir "$HOME/locked" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    named_once "$HOME/locked"
    [[ $stderr == *"permission denied"* ]]
    [[ $output == *"the one that is well"* ]]
}

@test "nothing could be done only when there is no config directory left" {
    for mode in --status --resume; do
        rescue $mode --config-dir "$BATS_TEST_TMPDIR/missing" --config-dir /dev/null
        [ "$status" -eq 3 ]
        [ -z "$output" ]
        [ "$(wc -l <<<"$stderr")" -eq 1 ]
    done
}

@test "no projects folder, no sessions folder: nothing was asked yet" {
    rm -r "$CONFIG_DIR/projects" "$CONFIG_DIR/sessions"
    for mode in --status --resume; do
        rescue $mode --config-dir "$CONFIG_DIR"
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
    done
}

@test "registry files that are none: each named once, the sessions still listed" {
    install_client
    fake --cwd "$HOME" --session "$b" -- "$client"
    cd "$CONFIG_DIR/sessions" || return
    : >1001.json
    head -c 70000 /dev/zero | tr '\0' ' ' >1002.json
    echo 'not json {' >1003.json
    echo '{"pid":"1004","sessionId":17}' >1004.json
    echo '["pid", 1005]' >1005.json
    sed "s/\"pid\":[0-9]*/\"pid\":4/" "$pid.json" >1006.json
    mkdir 1007.json
    mkfifo 1008.json
    ln -s /dev/zero 1009.json
    ln -s 1010.json 1010.json
    echo '{"pid":1011,"sessionId":"../../../etc/passwd"}' >1011.json
    printf '{"pid":1012,\0"sessionId":"%s"}' "$b" >1012.json
    status_list -v
    [ "$(json '.sessions.map(s => s.session_id)')" = "[\"$b\"]" ]
    for n in 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 1012; do
        named_once "sessions/$n.json" || { echo "$n is not named once"; false; }
    done
    [ "$(json '.problems.length')" -eq 12 ]
}

@test "files beside the registry's are nobody's business" {
    cd "$CONFIG_DIR/sessions" || return
    echo secret >"1001.$(printf 'a%.0s' {1..64}).key"
    touch .hidden README 12x.json
    status_list
    [ -z "$stderr" ]
}

@test "transcripts that are no files: named once, the others listed" {
    mkdir "$folder/$b.jsonl"
    mkfifo "$folder/00000000-0000-4000-8000-00000000000f.jsonl"
    ln -s /dev/zero "$folder/00000000-0000-4000-8000-00000000000e.jsonl"
    ln -s 00000000-0000-4000-8000-00000000000d.jsonl "$folder/00000000-0000-4000-8000-00000000000d.jsonl"
    expected_status=1 resume_list
    for name in "$b" 00000000-0000-4000-8000-00000000000{d,e,f}; do
        named_once "$name.jsonl" || { echo "$name is not named once"; false; }
        [[ $output != *"$name"* ]]
    done
}

@test "a transcript that may not be read" {
    stored "$b" /tmp/locked "not to be seen"
    as_nobody
    chmod 0 "$CONFIG_DIR/projects/-tmp-locked/$b.jsonl"
    rescue_under "${nobody[@]}" -- --resume --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"the one that is well"* ]]
    [[ $output != *"not to be seen"* ]]
    named_once "$b.jsonl"
    chmod 0 "$CONFIG_DIR/projects/-tmp-locked"
    rescue_under "${nobody[@]}" -- --resume --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $output == *"the one that is well"* ]]
    named_once "-tmp-locked"
}

@test "a live session whose transcript is a FIFO, a directory, a device" {
    install_client
    fake --cwd "$HOME" --session "$b" -- "$client"
    local live
    live=$(find "$CONFIG_DIR/projects" -name "$b.jsonl")
    for make in mkfifo mkdir "ln -s /dev/zero" "ln -s /dev/tty"; do
        rm -rf "$live"
        $make "$live"
        status_list
        [ "$(json '.sessions.map(s => s.session_id)')" = "[\"$b\"]" ]
        [ "$(json '.sessions[0].verdict')" = idle ]
        named_once "$b.jsonl"
    done
}

# What is said of one stored session with these bytes behind its first record.
notes_with()
{
    stored "$b" /tmp/odd
    cat >>"$transcript"
    rescue_under timeout --signal=KILL 60 -- --resume --json --config-dir "$CONFIG_DIR" "$b"
    [ "$status" -eq 0 ]
    json '.sessions[0].notes.join("; ")'
}

@test "a last line of 13 MB" {
    notes=$({ printf '{"type":"user","message":{"content":"'; head -c 13000000 /dev/zero | tr '\0' x; echo '"}}'; } | notes_with)
    [[ $notes == *"longer than"*"bytes"* ]]
}

@test "a torn last line, and where" {
    stored "$b" /tmp/odd
    size=$(wc -c <"$transcript")
    notes=$(printf '{"type":"assistant","mess' | notes_with)
    [[ $notes == *"breaks off at byte $size"* ]]
    [[ $notes != *"a write may be under way"* ]]
}

@test "lines with NULs, lines that end in CRLF, lines that are glued" {
    notes=$(printf '\0\0\0\0{"type":"mode","mode":"x"}\n' | notes_with)
    [[ $notes == *"1 lines at the transcript's end hold NULs"* ]]
    notes=$(printf '{"type":"mode","mode":"x"}\r\n' | notes_with)
    [[ $notes == *"end in CRLF"* ]]
    notes=$(printf '{"type":"mode","mode":"x"}{"type":"mode","mode":"y"}\nrubbish\n' | notes_with)
    [[ $notes == *"2 lines at the transcript's end are damaged"* ]]
    notes=$(notes_with </dev/null)
    [[ $notes == *"directory /tmp/odd is gone" ]]
}

@test "an empty transcript, and one of metadata only" {
    stored "$b" /tmp/empty
    : >"$transcript"
    resume_list
    [[ $output == *"${b%%-*}"*"(no prompt found)"* ]]
    # the client finds no conversation in it
    [[ $output == *"no command: its transcript is empty"* && $output != *"$transcript"* ]]
    echo '{"type":"summary","summary":"s","leafUuid":"x"}' >"$transcript"
    resume_list
    [[ $output == *"no command: "* && $output != *"claude --resume $transcript"* ]]
}

@test "files whose names are no session's are passed over" {
    touch "$folder/notes.jsonl" "$folder/$b.jsonl.bak" "$folder/${b%?}.jsonl"
    mkdir "$folder/$b"
    resume_list
    [ -z "$stderr" ]
    [ "$(grep -c 'claude --resume' <<<"$output")" -eq 1 ]
}

@test "a terminal is no file: one on which no session is, and one on which one is" {
    local fake_id=cccccccc-0000-4000-8000-000000000003
    for word in pts/999 /dev/pts/999; do
        for mode in --check --repair --context; do
            rescue "$mode" "$word" --config-dir "$CONFIG_DIR" --pending-dir "$BATS_TEST_TMPDIR/p" --log-dir "$BATS_TEST_TMPDIR/l"
            [ "$status" -eq 2 ]
            [[ $stderr == *"no session is named by '$word', and none is there"* ]]
        done
    done
    install_client
    fake --session "$fake_id" --prompt "where am I" -- "$client"
    local terminal
    terminal=$(readlink "/proc/$pid/fd/0")
    rescue --context "${terminal#/dev/}" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"where am I"* ]]
}
