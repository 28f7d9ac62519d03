#!/usr/bin/env bats
# Stores of which a part is a link: on another disk, or kept with the dotfiles. The user's own
# links to their own folders are followed, at the places that are well known; all others are not.

load helper
load sessions

setup()
{
    scratch_home
    store_session "$ID"
    mkdir -p "$CONFIG_DIR/todos" "$CONFIG_DIR/file-history/$ID" "$CONFIG_DIR/projects/-tmp-p/$ID/tool-results"
    echo '[]' >"$CONFIG_DIR/todos/$ID-agent-$ID.json"
    echo before >"$CONFIG_DIR/file-history/$ID/a@v1"
    echo said >"$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/x.txt"
    away=$BATS_TEST_TMPDIR/another/disk
    mkdir -p "$away"
    mapfile -t options < <(printf '%s\n' --pending-dir "$PENDING" --log-dir "$LOG")
}

teardown()
{
    end_started
}

# Moves a part of the store away, and leaves a link of the given kind: link PATH [relative]
link()
{
    local name=${1##*/}
    mv "$1" "$away/$name"
    if [ "${2-}" = relative ]; then
        ln -sr "$away/$name" "$1"
    else
        ln -s "$away/$name" "$1"
    fi
}

# Everything there is of the session, backed up whole; put back; and the links are links still.
whole()
{
    rm -rf "$PENDING"
    rescue --export "$ID" --json --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.exports[0].files')/$(json '.exports[0].lost_files')" = 6/0 ]
    rescue --verify "${options[@]:0:2}"
    [ "$status" -eq 0 ]
    cp -r "$CONFIG_DIR/." "$HOME/as-it-was" # what links say
    local linked=$1
    rm -r "${TRANSCRIPT:?}" "$CONFIG_DIR/projects/-tmp-p/$ID/"* "$CONFIG_DIR/todos/"* "$CONFIG_DIR/file-history/"*/*
    : >"$CONFIG_DIR/history.jsonl"
    rescue --restore "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 0 ]
    [ -z "$linked" ] || [ -L "$linked" ]
    cmp "$TRANSCRIPT" "$PENDING"/*-LOSSLESS-"$ID".jsonl
    [ -e "$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/x.txt" ]
    [ -e "$CONFIG_DIR/projects/-tmp-p/$ID/subagents/agent-1.jsonl" ]
    [ -s "$CONFIG_DIR/todos/$ID-agent-$ID.json" ]
    grep -q "$ID" "$CONFIG_DIR/history.jsonl"
    [ -z "$(find "$HOME/" "$away/" -name '.session-rescue-*')" ]
}

@test "no link at all" {
    whole ""
}

@test "the config directory is a link" {
    link "$CONFIG_DIR"
    whole "$CONFIG_DIR"
}

@test "projects is a link, absolute or relative" {
    link "$CONFIG_DIR/projects"
    whole "$CONFIG_DIR/projects"
    grep -q "\"source\": *\"$away/projects/-tmp-p/$ID.jsonl\"" "$PENDING"/*.json
    rm "$CONFIG_DIR/projects"
    ln -sr "$away/projects" "$CONFIG_DIR/projects"
    whole "$CONFIG_DIR/projects"
}

@test "projects is a link, and the project's folder in it another" {
    link "$CONFIG_DIR/projects/-tmp-p" relative
    link "$CONFIG_DIR/projects"
    rm "$away/projects/-tmp-p"
    ln -s "$away/-tmp-p" "$away/projects/-tmp-p"
    whole "$CONFIG_DIR/projects"
}

@test "a project's folder is a link" {
    link "$CONFIG_DIR/projects/-tmp-p"
    whole "$CONFIG_DIR/projects/-tmp-p"
}

@test "the history is a link" {
    link "$CONFIG_DIR/history.jsonl"
    whole "$CONFIG_DIR/history.jsonl"
}

@test "todos and file-history are links" {
    link "$CONFIG_DIR/todos"
    link "$CONFIG_DIR/file-history" relative
    whole "$CONFIG_DIR/todos"
    [ -L "$CONFIG_DIR/file-history" ]
}

@test "the session's own folder is a link that keeps its name" {
    link "$CONFIG_DIR/projects/-tmp-p/$ID"
    whole "$CONFIG_DIR/projects/-tmp-p/$ID"
}

@test "the transcript is a link: exported, mended in place, and the link stays" {
    printf '{"torn' >>"$TRANSCRIPT"
    link "$TRANSCRIPT"
    rescue --export "$ID" --json --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 0 ]
    [ "$(json '.exports[0].lost_files')" = 0 ]
    grep -q "\"source\": *\"$away/$ID.jsonl\"" "$PENDING"/*.json
    rescue --repair "$ID" --force --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 0 ]
    [ -L "$TRANSCRIPT" ]
    [ "$(wc -l <"$away/$ID.jsonl")" -eq 1 ]
    run ! grep -q torn "$away/$ID.jsonl"
    # and its end, lost, is put back behind the link
    truncate -s 20 "$away/$ID.jsonl"
    rescue --restore "$(basename "$(ls "$PENDING"/*.sha256 | head -n 1)" .sha256)" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 0 ]
    [ -L "$TRANSCRIPT" ]
    [ "$(stat -c %s "$away/$ID.jsonl")" -gt 20 ]
}

@test "projects on another disk: what is staged is staged there" {
    export ID CONFIG_DIR PENDING LOG SESSION_RESCUE away
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    # shellcheck disable=SC2016 # the inner shell's
    on_small_disk 8M "$away" '
        rm -r "$CONFIG_DIR/projects" && mkdir projects && ln -s "$PWD/projects" "$CONFIG_DIR/projects"
        env -i HOME="$HOME" "$SESSION_RESCUE" --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG" || exit
        cmp "projects/-tmp-p/$ID.jsonl" "$PENDING"/*-LOSSLESS-"$ID".jsonl
        [ -L "$CONFIG_DIR/projects" ] && [ -z "$(find . -name ".session-rescue*")" ]'
    [ "$status" -eq 0 ]
}

@test "a session behind a link can be ended" {
    install_client
    fake --session "$ID" --cwd /tmp --turn none -- "$client"
    link "$CONFIG_DIR/projects"
    rescue --kill "$ID" --force --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 0 ]
    has_backup "$ID"
}

# ---- links that are not followed

secret()
{
    echo 'TOP-SECRET' >"$BATS_TEST_TMPDIR/id_rsa"
    rm -rf "$PENDING"
}

nothing_got_in()
{
    run ! grep -rqs TOP-SECRET "$PENDING"
}

@test "a tool result that is a link to another file of the user's is named, and not copied" {
    secret
    rm "$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/x.txt"
    ln -s "$BATS_TEST_TMPDIR/id_rsa" "$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/x.txt"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"incomplete: 1 file"*"tool-results/x.txt: symbolic link to "* ]]
    nothing_got_in
    grep -q "symbolic link to $BATS_TEST_TMPDIR/id_rsa" "$PENDING"/*.json
    rescue --verify "${options[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"incomplete: 1 file"* ]]
}

@test "a tool result that is a link to a folder named as the session, outside its own: lost, and named" {
    secret
    mkdir "$BATS_TEST_TMPDIR/$ID"
    echo TOP-SECRET >"$BATS_TEST_TMPDIR/$ID/y.txt"
    rm "$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/x.txt"
    ln -s "$BATS_TEST_TMPDIR/$ID/y.txt" "$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/x.txt"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"incomplete: 1 file"*"tool-results/x.txt: symbolic link to "* ]]
    nothing_got_in
}

@test "the session's folder as a link to another folder, a transcript or history that is no .jsonl: not followed" {
    secret
    rm -r "$CONFIG_DIR/projects/-tmp-p/$ID"
    ln -s "$BATS_TEST_TMPDIR" "$CONFIG_DIR/projects/-tmp-p/$ID"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -le 1 ]
    nothing_got_in
    printf '{"sessionId":"%s","TOP-SECRET":1}\n' "$ID" >"$BATS_TEST_TMPDIR/bashrc"
    ln -sf "$BATS_TEST_TMPDIR/bashrc" "$CONFIG_DIR/history.jsonl"
    rm -r "$PENDING"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"not in it: "*"; $CONFIG_DIR/history.jsonl: leads out of its folder"* ]]
    nothing_got_in
    cp "$BATS_TEST_TMPDIR/bashrc" "$HOME/as-it-was"
    rescue --restore "$ID" --new-id --config-dir "$CONFIG_DIR" "${options[@]}"
    cmp "$BATS_TEST_TMPDIR/bashrc" "$HOME/as-it-was"
    ln -sf "$BATS_TEST_TMPDIR/bashrc" "$TRANSCRIPT"
    rm -r "$PENDING"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 3 ]
    nothing_got_in
}

@test "a transcript that is a link to what is no transcript: no mode shows a byte of it, and --check names it" {
    secret
    ln -sf "$BATS_TEST_TMPDIR/id_rsa" "$CONFIG_DIR/projects/-tmp-p/$OTHER.jsonl"
    for mode in "--check $OTHER" "--check --json" "--context $OTHER" "--search SECRET" "--resume --json --all"; do
        # shellcheck disable=SC2086 # words
        rescue $mode --config-dir "$CONFIG_DIR" --index-dir "$HOME/index" "${options[@]}"
        [[ $output$stderr != *TOP-SECRET* ]]
    done
    rescue --check "$OTHER" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -ne 0 ]
    [[ $output$stderr == *"$OTHER.jsonl: leads out of its folder"* ]]
}

@test "links of another user's, and links to what is another's, are not followed" {
    [ "$(id -u)" -eq 0 ] || skip "a link of another user's can only be made by root"
    link "$CONFIG_DIR/projects"
    chown -h 65534 "$CONFIG_DIR/projects"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 3 ]
    rescue --restore "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -ne 0 ]
    chown -h 0 "$CONFIG_DIR/projects"
    chown 65534 "$away/projects"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 3 ]
    [ -z "$(find "$PENDING" -name '*.sha256')" ]
    chown 0 "$away/projects"
    rescue --export "$ID" --config-dir "$CONFIG_DIR" "${options[@]}"
    [ "$status" -eq 0 ]
}
