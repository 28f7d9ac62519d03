#!/usr/bin/env bats
# --restore: a backup put back where resuming finds it.

load helper
load sessions
load hung

setup()
{
    scratch_home
    store_session "$ID"
    export_session "$ID"
    new=$HOME/new
}

teardown()
{
    end_started
}

restore()
{
    rescue --restore "$@" --pending-dir "$PENDING" --log-dir "$LOG"
}

# Every file below a folder, and what is in it.
tree_of()
{
    find "$1" -type f -exec sha256sum {} + | sort
}

@test "--restore into an empty config directory, and the session is found" {
    restore "$ID" --config-dir "$new"
    [ "$status" -eq 0 ]
    diff -r "$CONFIG_DIR/projects" "$new/projects"
    [[ $output == *"CLAUDE_CONFIG_DIR=$new claude --resume "*"$ID"* ]]
    rescue --resume "$ID" --config-dir "$new"
    [ "$status" -eq 0 ]
    [[ $output == *"$ID"* ]]
}

@test "restored files are new, so that no sweep takes them at once" {
    touch -d '2020-01-01' "$TRANSCRIPT"
    export_session "$ID"
    restore "$ID" --config-dir "$new"
    [ -z "$(find "$new" -type f -mmin +60)" ]
}

@test "without --config-dir it goes back to where it came from" {
    rm -r "$CONFIG_DIR/projects"
    restore "$ID"
    [ "$status" -eq 0 ]
    [ -f "$TRANSCRIPT" ]
}

@test "a longer transcript is not replaced; a new id is offered" {
    echo '{"later":true}' >>"$TRANSCRIPT"
    before=$(cat "$TRANSCRIPT")
    restore "$ID" --config-dir "$CONFIG_DIR" --force
    [ "$status" -eq 4 ]
    [[ $stderr == *"$TRANSCRIPT is there and is 15B longer"*--new-id* ]]
    [ "$(cat "$TRANSCRIPT")" = "$before" ]
}

@test "--new-id puts it beside, with the new id in every record" {
    echo '{"later":true}' >>"$TRANSCRIPT"
    restore "$ID" --config-dir "$CONFIG_DIR" --new-id --json
    [ "$status" -eq 0 ]
    fresh=$(json .session_id)
    [ "$(json .old_session_id)" = "$ID" ]
    grep -q "\"sessionId\":\"$fresh\"" "$CONFIG_DIR/projects/-tmp-p/$fresh.jsonl"
    [[ $(json .resume_command) == *"$fresh"* ]]
    run ! grep -r "$ID" "$CONFIG_DIR/projects/-tmp-p/$fresh.jsonl" "$CONFIG_DIR/projects/-tmp-p/$fresh"
}

@test "--cwd says where the directory is now" {
    mkdir "$HOME/moved to"
    restore "$ID" --config-dir "$new" --cwd "$HOME/moved to"
    [ "$status" -eq 0 ]
    folder=$(realpath "$HOME/moved to" | sed 's/[^A-Za-z0-9]/-/g')
    [ -f "$new/projects/$folder/$ID.jsonl" ]
    [[ $output == *"cd '"*"/moved to' && "* ]]
}

@test "a damaged backup is not restored" {
    echo x >>"$PENDING"/*.jsonl
    restore "$ID" --config-dir "$new"
    [ "$status" -eq 3 ]
    [[ $stderr == *damaged* ]]
    [ ! -e "$new" ]
}

@test "--dry-run says what would be written, and writes nothing" {
    restore "$ID" --config-dir "$new" --dry-run
    [ "$status" -eq 0 ]
    [[ $output == *"write "*"projects/-tmp-p/$ID.jsonl"* ]]
    [ ! -e "$new" ]
}

@test "while a live process has the session it is refused" {
    # a process that is registered as its owner: what counts is pid and start time
    start sleep 600
    start_ticks=$(awk '{ print $22 }' "/proc/$started/stat")
    printf '{"pid":%d,"sessionId":"%s","cwd":"/tmp/p","procStart":"%s"}\n' "$started" "$ID" "$start_ticks" \
        >"$CONFIG_DIR/sessions/$started.json"
    rm "$TRANSCRIPT"
    restore "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 4 ]
    [[ $stderr == *"pid $started"* ]]
    [ ! -e "$TRANSCRIPT" ]
    restore "$ID" --config-dir "$CONFIG_DIR" --new-id
    [ "$status" -eq 0 ]
}

@test "of several backups of a session the newest is restored" {
    echo '{"later":true}' >>"$TRANSCRIPT"
    export_session "$ID"
    restore "${ID:0:8}" --config-dir "$new"
    cmp "$TRANSCRIPT" "$new/projects/-tmp-p/$ID.jsonl"
}

@test "--restore wants one backup" {
    rescue --restore
    [ "$status" -eq 2 ]
    rescue --restore "$ID" "$OTHER"
    [ "$status" -eq 2 ]
}

@test "a restore is in the session log" {
    restore "$ID" --config-dir "$new"
    grep -q '| 0a0a0a0a... | .* | Restored | ✅ |' "$LOG"/SESSION-LOG-*.md
}

# The session was moved: it lies in another folder of its store, and has gone on there.
move_session()
{
    moved=$CONFIG_DIR/projects/-tmp-q/$ID.jsonl
    mkdir -p "${moved%/*}"
    mv "$TRANSCRIPT" "$moved"
    rm -r "$CONFIG_DIR/projects/-tmp-p"
    echo '{"later":true}' >>"$moved"
}

@test "a session that lives in another folder by now gets no second copy unasked" {
    move_session
    before=$(tree_of "$CONFIG_DIR")
    for more in "" --json --dry-run; do
        # shellcheck disable=SC2086 # none or one
        restore "$ID" --config-dir "$CONFIG_DIR" $more
        [ "$status" -eq 4 ]
        [[ $stderr == *"session $ID lives in $moved ("*"; the backup would become a copy of it, $TRANSCRIPT"* ]]
        [[ $stderr == *--force*--new-id* ]]
        [ "$(tree_of "$CONFIG_DIR")" = "$before" ]
    done
    restore "$ID" --config-dir "$new"
    [ "$status" -eq 0 ]
    restore "$ID" --config-dir "$CONFIG_DIR" --new-id
    [ "$status" -eq 0 ]
    [ ! -e "$TRANSCRIPT" ]
    restore "$ID" --config-dir "$CONFIG_DIR" --force
    [ "$status" -eq 0 ]
    cmp "$TRANSCRIPT" "$PENDING"/*-LOSSLESS-"$ID".jsonl
    # it is there by now: no new copy comes about
    restore "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "the same where a folder cannot be looked into: it may live there" {
    rm -r "$CONFIG_DIR/projects/-tmp-p"
    ln -s -- -tmp-q "$CONFIG_DIR/projects/-tmp-q" # leads to itself: not even root can follow it
    restore "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 4 ]
    [[ $stderr == *"whether session $ID lives in another folder is not known"*"-tmp-q"* ]]
    [ ! -e "$TRANSCRIPT" ]
}

@test "on a terminal it is asked about, with both places, and made on a yes alone" {
    move_session
    for answer in n y; do
        private_tmux new-session -d -s "$answer" -x 200 -y 40 "$(printf '%q ' env -i HOME="$HOME" PATH="$PATH" \
            ASAN_OPTIONS="${ASAN_OPTIONS-}" TERM=screen LANG=C.UTF-8 "$SESSION_RESCUE" --restore "$ID" \
            --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"); echo \"status \$?\"; sleep 600"
        wait_until 60 shows "$answer" "Restore it there all the same?"
        shows "$answer" "lives in $moved"
        shows "$answer" "$TRANSCRIPT"
        [ ! -e "$TRANSCRIPT" ]
        private_tmux send-keys -t "$answer" "$answer" Enter
        wait_until 60 shows "$answer" "status"
    done
    shows n "status 4"
    shows y "status 0"
    [ -e "$TRANSCRIPT" ]
}

shows()
{
    private_tmux capture-pane -p -J -t "$1" | grep -qF -- "$2"
}

# The session's files are there, and its prompt is not in the history, which has no room for it.
long_prompt()
{
    rm -r "$PENDING"
    printf '{"display":"%s","sessionId":"%s"}\n' "$(printf 'x%.0s' {1..9000})" "$ID" >"$CONFIG_DIR/history.jsonl"
    export_session "$ID"
    [ "$status" -eq 0 ]
    printf '{"display":"mine","sessionId":"other"}\n' >"$CONFIG_DIR/history.jsonl"
    cp -r "$CONFIG_DIR" "$HOME/as-it-was"
}

@test "a disk that is full tears no line of the history" {
    long_prompt
    export PENDING LOG SESSION_RESCUE
    # shellcheck disable=SC2016 # the inner shell's
    on_small_disk 64k "$new" '
        cp -r "$HOME/as-it-was/." .
        head -c 1M /dev/zero >filler 2>/dev/null
        env -i HOME="$HOME" "$SESSION_RESCUE" --restore "$ID" --config-dir "$PWD" --pending-dir "$PENDING" --log-dir "$LOG"
        echo "status $?"
        cmp history.jsonl "$HOME/as-it-was/history.jsonl"
        rm filler
        env -i HOME="$HOME" "$SESSION_RESCUE" --restore "$ID" --config-dir "$PWD" --pending-dir "$PENDING" --log-dir "$LOG" || exit
        [ "$(wc -l <history.jsonl)" -eq 2 ] && grep -q xxxxx history.jsonl'
    [ "$status" -eq 0 ]
    [[ $output == *"status 3"* ]]
    [[ $stderr == *"no space left on device"* || $stderr == *" are free"* ]]
}

@test "a limit on the size of files tears no line of the history" {
    long_prompt
    # shellcheck disable=SC2016 # the inner shell's
    rescue_under bash -c 'ulimit -f 4; exec "$@"' bash -- --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 3 ]
    cmp "$CONFIG_DIR/history.jsonl" "$HOME/as-it-was/history.jsonl"
    [[ $stderr == *"history.jsonl: too large"* ]]
}

@test "a history that ends in half a line gets its end, and then the session's lines" {
    printf '{"display":"to' >"$CONFIG_DIR/history.jsonl"
    restore "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [ "$(head -n 1 "$CONFIG_DIR/history.jsonl")" = '{"display":"to' ]
    [ "$(wc -l <"$CONFIG_DIR/history.jsonl")" -eq 2 ]
}

# The session's transcript was cut to so many bytes, by a full disk for example, and exported so. The two backups:
# $full and $short.
exported_short()
{
    full=$(basename "$PENDING"/*-LOSSLESS-"$ID".sha256 .sha256)
    truncate -s "$1" "$TRANSCRIPT"
    touch -d '1 hour ago' "$TRANSCRIPT"
    export_session "$ID"
    short=$(basename "$(ls -t "$PENDING"/*-LOSSLESS-"$ID".sha256 | head -n 1)" .sha256)
    [ "$short" != "$full" ]
}

@test "an emptied transcript is exported as such: the backup that holds more is named and kept" {
    exported_short 0
    [ "$status" -eq 1 ]
    [[ $output == *"an earlier backup holds "*"B more, and is kept: $full"* ]]
    [[ $output != *"claude --resume"* ]]
    export_session "$ID" --json
    [ "$status" -eq 1 ]
    [ "$(json '.exports[0].fuller_backup')" = "$PENDING/$full.jsonl" ]
    [ "$(json '.exports[0].resume_command')" = null ]
    has_backup "$ID"
    [ -s "$PENDING/$full.jsonl" ]
}

@test "an emptied transcript is not sound, and --check says what to restore" {
    : >"$TRANSCRIPT"
    full=$(basename "$PENDING"/*-LOSSLESS-"$ID".sha256 .sha256)
    rescue --check --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
    [[ $output == *"$TRANSCRIPT: empty (0B"*"session-rescue --restore $full"*"0 sound, 1 empty"* ]]
    rescue --check --json --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$(json '.transcripts[0].verdict')/$(json '.transcripts[0].can_resume')/$(json '.transcripts[0].fuller_backup')/$(json .counts.empty)" = "empty/false/$full/1" ]
    rescue --resume --all --config-dir "$CONFIG_DIR"
    [[ $output == *"no command: its transcript is empty"* && $output != *"claude --resume"* ]]
    rescue --resume --all --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions[0].resume_command')" = null ]
    rm -r "$PENDING" # no backup: empty all the same
    rescue --check "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
    [[ $output == *": empty (0B"* && $output != *--restore* && -z $stderr ]]
}

@test "--restore of a session does not choose an empty newest backup, nor a shorter one" {
    for size in 0 20; do
        printf '%s\n' '{"parentUuid":null,"type":"user","uuid":"a","sessionId":"'"$ID"'","cwd":"/tmp/p","message":{"role":"user","content":"hello"}}' >"$TRANSCRIPT"
        rm -rf "$PENDING" "$new"
        export_session "$ID"
        exported_short "$size"
        rm "$TRANSCRIPT"
        restore "$ID" --config-dir "$new"
        [ "$status" -eq 4 ]
        [[ $stderr == *"--restore $full"*verified*"--restore $short"* ]]
        [ ! -e "$new/projects" ]
        restore "${ID:0:8}" --config-dir "$new" --force
        [ "$status" -eq 4 ]
        restore "$full" --config-dir "$new"
        [ "$status" -eq 0 ]
        cmp "$new/projects/-tmp-p/$ID.jsonl" "$PENDING/$full.jsonl"
        # the shorter one, by its name: that is a yes
        rm -r "$new"
        restore "$short" --config-dir "$new"
        [ "$status" -eq 0 ]
        [ "$(stat -c %s "$new/projects/-tmp-p/$ID.jsonl")" -eq "$size" ]
        [[ $size -ne 0 || $output != *"claude --resume"* ]]
    done
}

@test "a transcript that NULs have filled holds less, however long it is" {
    local size
    size=$(($(stat -c %s "$TRANSCRIPT") * 2))
    full=$(basename "$PENDING"/*-LOSSLESS-"$ID".sha256 .sha256)
    head -c "$size" /dev/zero >"$TRANSCRIPT"
    touch -d '1 hour ago' "$TRANSCRIPT"
    rescue --check "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
    [[ $output == *"a backup holds whole records more: session-rescue --restore $full"* ]]
    export_session "$ID"
    [[ $output == *"an earlier backup holds whole records more, and is kept: $full"* ]]
    rm "$TRANSCRIPT"
    restore "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 4 ]
    [[ $stderr == *"the newest backup holds less than an earlier one"*"--restore $full"* ]]
    [ ! -e "$TRANSCRIPT" ]
    restore "$full" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "a backup that may hold more and cannot be read is neither less nor passed over: it is named" {
    local rival
    exported_short 20
    rm "$TRANSCRIPT"
    rm "$PENDING/$full.jsonl"
    for rival in directory looping; do
        case $rival in
        directory) mkdir "$PENDING/$full.jsonl"; head -c 100000 /dev/zero | tr '\0' x >"$PENDING/$full.jsonl/x" ;;
        looping) rm -r "$PENDING/$full.jsonl"; ln -s "$full.jsonl" "$PENDING/$full.jsonl" ;;
        esac
        restore "$ID" --config-dir "$new" --force
        [ "$status" -eq 4 ]
        [[ $stderr == *"whether an earlier backup holds more than the newest is not known: $full.jsonl: "*"--restore $short"* ]]
        [ ! -e "$new/projects" ]
    done
    # NULs in the transcript: records are counted, and those of the other cannot be
    mkdir -p "$(dirname "$TRANSCRIPT")"
    head -c 20000 /dev/zero >"$TRANSCRIPT"
    touch -d '1 hour ago' "$TRANSCRIPT"
    rescue --check --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
    [[ $stderr == *"whether a backup holds more is not known: $PENDING/$full.jsonl: "* ]]
    rescue --check --json --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$(json '.transcripts[0].fuller_is_known')" = false ]
    export_session "$ID"
    [ "$status" -eq 1 ]
    [[ $output == *"whether an earlier backup holds more is not known: $full.jsonl: "* ]]
    export_session "$ID" --json
    [ "$(json '.exports[0].unread_backup')" = "$PENDING/$full.jsonl" ]
}

@test "a plain --check names the backup of a session that has shrunk, though it is sound" {
    echo '{"parentUuid":"a","type":"user","uuid":"b","sessionId":"'"$ID"'","cwd":"/tmp/p","timestamp":"2026-01-02T03:04:06.000Z","message":{"role":"user","content":"more"}}' >>"$TRANSCRIPT"
    export_session "$ID"
    full=$(basename "$(ls -t "$PENDING"/*-LOSSLESS-"$ID".sha256 | head -n 1)" .sha256)
    sed -i '$d' "$TRANSCRIPT"
    rescue --check --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
    [[ $output == *"a backup holds "*"B more: session-rescue --restore $full"*"1 sound (of 1 a backup holds more)"* ]]
}

@test "on a terminal it is asked which: the fuller one by its name, the lesser one not without a yes to its own" {
    exported_short 20
    local where=(--config-dir "$new" --pending-dir "$PENDING" --log-dir "$LOG") size
    for keys in 'n\nn\n' '\n\n' 'n\ny\n' 'y\n'; do
        rm -rf "$new"
        typed "$keys" -- --restore "$ID" "${where[@]}"
        [[ $output == *"the newest backup holds less than an earlier one"*"Restore $full ("*", verified)? [y/N]"* ]]
        size=$(stat -c %s "$new/projects/-tmp-p/$ID.jsonl" 2>/dev/null || echo none)
        case $keys in
        'y\n') [ "$status" -eq 0 ]; [[ $output != *"Restore $short"* ]]; [ "$size" = "$(stat -c %s "$PENDING/$full.jsonl")" ] ;;
        'n\ny\n') [ "$status" -eq 0 ]; [[ $output == *"Restore $short (20B, the newest)? [y/N]"* ]]; [ "$size" = 20 ] ;;
        *) [ "$status" -eq 4 ]; [[ $output == *"nothing was restored"* ]]; [ "$size" = none ] ;;
        esac
    done
    for option in --force --dry-run; do
        rm -rf "$new"
        : >"$BATS_TEST_TMPDIR/screen"
        status=0
        script -qefc "exec $(printf '%q ' "$SESSION_RESCUE" --restore "$ID" $option "${where[@]}")" "$BATS_TEST_TMPDIR/screen" >/dev/null </dev/null || status=$?
        [ "$status" -eq 4 ]
        [ ! -e "$new/projects" ]
    done
}

@test "a fuller backup that is damaged is said to be" {
    exported_short 0
    printf X | dd of="$PENDING/$full.jsonl" conv=notrunc status=none
    restore "$ID" --config-dir "$new"
    [ "$status" -eq 4 ]
    [[ $stderr == *"--restore $full"*damaged* ]]
}

@test "a transcript that lost its end is replaced by the backup that begins with it; another is not" {
    full=$(basename "$PENDING"/*-LOSSLESS-"$ID".sha256 .sha256)
    for size in 0 20; do
        truncate -s "$size" "$TRANSCRIPT"
        restore "$full" --dry-run
        [[ $status -eq 0 && $output == *"in place of its first ${size}B"* ]]
        restore "$full"
        [ "$status" -eq 0 ]
        cmp "$TRANSCRIPT" "$PENDING/$full.jsonl"
    done
    truncate -s 20 "$TRANSCRIPT"
    printf X | dd of="$TRANSCRIPT" bs=1 seek=7 conv=notrunc status=none
    restore "$full"
    [ "$status" -eq 4 ]
    [[ $stderr == *"is there and is "*" shorter"* ]]
}

@test "what a repair made is shorter on purpose: its backup is restored without a question" {
    printf '%s' '{"torn' >>"$TRANSCRIPT"
    rm -r "$PENDING"
    rescue --repair "$ID" --force --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    export_session "$ID"
    [ "$status" -eq 0 ]
    [[ $output != *"an earlier backup"* ]]
    cp "$TRANSCRIPT" "$HOME/repaired"
    restore "$ID" --config-dir "$new"
    [ "$status" -eq 0 ]
    cmp "$HOME/repaired" "$new/projects/-tmp-p/$ID.jsonl"
}
