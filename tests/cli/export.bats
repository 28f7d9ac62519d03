#!/usr/bin/env bats
# --export from outside: what is in the pending directory afterwards, and what is said.

load helper
load sessions

setup()
{
    scratch_home
    store_session "$ID"
}

teardown()
{
    end_started
}

@test "--export copies a session whole, and sha256sum agrees" {
    export_session "$ID"
    [ "$status" -eq 0 ]
    cmp "$TRANSCRIPT" "$PENDING"/*-LOSSLESS-"$ID".jsonl
    cmp "$CONFIG_DIR/projects/-tmp-p/$ID/subagents/agent-1.jsonl" \
        "$PENDING"/*.files/projects/-tmp-p/"$ID"/subagents/agent-1.jsonl
    [ "$(cat "$PENDING"/*.files/history.jsonl)" = '{"display":"hi","sessionId":"'"$ID"'"}' ]
    cd "$PENDING"
    sha256sum --strict --quiet -c ./*.sha256
    [ "$(grep -c . ./*.sha256)" -eq 4 ]
}

@test "--export ends with the closing block and writes the session log" {
    export_session "$ID"
    [[ $output == *"✅ COMMAND COMPLETE: /session-rescue
Sessions detected: 0
Sessions exported: 1
Sessions killed: 0
Session log updated: SESSION-LOG-"*".md
Resume commands:
  "*"claude --resume "*"$ID"* ]]
    [[ $(cat "$LOG"/SESSION-LOG-*.md) == "### "*" - [ADMIN] Session Rescue

**Sessions Recovered:**

| UUID | Size | Action | Result |
|------|------|--------|--------|
| 0a0a0a0a... | "*" | Exported | ✅ |" ]]
}

@test "--export leaves the session's files as they are" {
    before=$(find "$CONFIG_DIR" -type f -printf '%p %i %s %T@ %A@\n' | sort)
    export_session "$ID"
    [ "$(find "$CONFIG_DIR" -type f -printf '%p %i %s %T@ %A@\n' | sort)" = "$before" ]
}

@test "--export gives to the owner alone, whatever the umask" {
    umask 0
    export_session "$ID"
    [ -z "$(find "$PENDING" "$LOG" -type f ! -perm 0600)" ]
    [ -z "$(find "$PENDING" "$LOG" -type d ! -perm 0700)" ]
}

@test "--export never copies credentials or keys" {
    printf 'TOP-SECRET\n' >"$CONFIG_DIR/.credentials.json"
    printf 'TOP-SECRET\n' >"$CONFIG_DIR/projects/-tmp-p/$ID/bridge.key"
    export_session "$ID"
    [ "$status" -eq 0 ]
    run ! grep -r TOP-SECRET "$PENDING"
}

@test "an unchanged session is not exported twice" {
    export_session "$ID"
    export_session "$ID"
    [ "$status" -eq 0 ]
    [[ $output == "already exported"* ]]
    [ "$(ls "$PENDING"/*.sha256 | wc -l)" -eq 1 ]
}

@test "of a session that has grown, it says by how much" {
    export_session "$ID"
    printf '{"a":1}\n' >>"$TRANSCRIPT"
    export_session "$ID"
    [[ $output == *"8B more than in the last backup"* ]]
    [ "$(ls "$PENDING"/*.sha256 | wc -l)" -eq 2 ]
}

@test "--export of nothing that runs is information" {
    rescue --export --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    [ "$output" = "No Claude processes found." ]
    [ ! -e "$PENDING" ]
}

@test "--export --all takes every session of the store" {
    store_session "$OTHER"
    export_session --all
    [ "$status" -eq 0 ]
    [[ $output == *"Sessions exported: 2"* ]]
    has_backup "$OTHER"
}

@test "one session that cannot be exported does not stop the others" {
    store_session "$OTHER"
    rm "$TRANSCRIPT"
    ln -s /etc/hostname "$TRANSCRIPT"
    export_session --all
    [ "$status" -eq 3 ]
    has_backup "$OTHER"
    [ "$(ls "$PENDING"/*.sha256 | wc -l)" -eq 1 ]
    [[ $stderr == *"❌ COMMAND FAILED: /session-rescue"* ]]
    [[ $stderr == *"$TRANSCRIPT"* ]]
    [[ $stderr == *"Sessions exported: 1"* ]]
    grep -q '❌' "$LOG"/*.md
}

@test "--dry-run says what would be done and makes nothing" {
    export_session "$ID" --dry-run
    [ "$status" -eq 0 ]
    [[ $output == "would export 0a0a0a0a"* ]]
    [ ! -e "$PENDING" ]
    [ ! -e "$LOG" ]
}

@test "--dry-run foresees that the session log cannot be written" {
    export_session "$ID"
    has_backup "$ID"
    printf '{"parentUuid":"a","type":"us' >>"$TRANSCRIPT" # that --repair mends
    local day modes=("--export $ID" "--repair $ID" "--restore $ID --force --new-id")
    day=$(TZ=UTC date +%F)
    for wrong in file link folder; do
        rm -rf "$LOG"
        case $wrong in
            file) : >"$LOG" ;;
            link) mkdir "$LOG" && ln -s "$BATS_TEST_TMPDIR/nowhere" "$LOG/SESSION-LOG-$day.md" ;;
            folder) mkdir -p "$LOG/SESSION-LOG-$day.md" ;;
        esac
        for mode in "${modes[@]}"; do
            # shellcheck disable=SC2086 # words
            rescue $mode --dry-run --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
            [ "$status" -eq 3 ]
            [[ $stderr == *"session log update failed: "*"$LOG"* ]]
        done
    done
    rm -rf "$LOG"
    for mode in "${modes[@]}"; do
        # shellcheck disable=SC2086 # words
        rescue $mode --dry-run --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
        [[ $stderr != *"session log"* ]]
        [ "$status" -ne 3 ]
    done
    [ ! -e "$LOG" ]
}

@test "--json names the backup" {
    export_session "$ID" --json
    [ "$status" -eq 0 ]
    [ "$(json .exports[0].result)" = exported ]
    [ -f "$(json .exports[0].backup)" ]
    [ "$(json .exports[0].files)" = 3 ]
}

@test "a pending directory that cannot be made is named" {
    : >"$HOME/file"
    PENDING=$HOME/file/pending export_session "$ID"
    [ "$status" -eq 3 ]
    [[ $stderr == *"$HOME/file/pending"*"not a directory"* ]]
}

@test "a log that cannot be written fails the run and keeps the backup" {
    : >"$HOME/file"
    LOG=$HOME/file/log export_session "$ID"
    [ "$status" -eq 3 ]
    [[ $stderr == *"session log update failed"*"$HOME/file/log"* ]]
    has_backup "$ID"
}

@test "a second export waits for the first" {
    mkdir -p "$PENDING"
    exec 8>"$PENDING/.lock"
    echo "pid 4711" >&8
    flock 8
    start env -i HOME="$HOME" "$SESSION_RESCUE" --export "$ID" --config-dir "$CONFIG_DIR" \
        --pending-dir "$PENDING" --log-dir "$LOG" 8>&-
    sleep 1
    [ -z "$(ls "$PENDING")" ]
    exec 8>&-
    wait_until 60 test -f "$LOG/SESSION-LOG-$(date -u +%F).md"
    has_backup "$ID"
}

@test "a disk that is too small is said before anything is written" {
    mount -t tmpfs -o size=1M,mode=700 tmpfs "$(mkdir -p "$PENDING" && echo "$PENDING")" || skip "no mount can be made here"
    head -c 5000000 /dev/zero >>"$TRANSCRIPT"
    export_session "$ID"
    left=$(ls "$PENDING")
    umount "$PENDING"
    [ "$status" -eq 3 ]
    [[ $stderr == *"are needed"*"are free"* ]]
    [ -z "$left" ]
}

@test "names with spaces, quotes and newlines come through" {
    odd=$CONFIG_DIR/projects/-tmp-p/$ID/tool-results/$'it\'s "a\\b"\nnew'.txt
    mkdir -p "${odd%/*}"
    echo odd >"$odd"
    export_session "$ID"
    [ "$status" -eq 0 ]
    (cd "$PENDING" && sha256sum --strict --quiet -c ./*.sha256)
    rescue --restore "$ID" --config-dir "$HOME/new" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    cmp "$odd" "$HOME/new/${odd#"$CONFIG_DIR"/}"
}

@test "what may be a session and cannot be looked at is not 'no session': it is named, and the exit status says so" {
    command -v setpriv >/dev/null || skip "no util-linux here"
    chmod 0 "$CONFIG_DIR/sessions"
    rescue_under setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- --export \
        --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 3 ]
    [ "$output" = "No session to export was found; not all could be looked at." ]
    [[ $stderr == *"$CONFIG_DIR/sessions"* ]]
    chmod 700 "$CONFIG_DIR/sessions"
    export_session
    [ "$status" -eq 0 ]
    [ "$output" = "No Claude processes found." ]
}

@test "a dry run sees that nothing can be written to the pending folder, there or not yet" {
    command -v setpriv >/dev/null || skip "no util-linux here"
    local shut=$HOME/shut
    mkdir "$shut"
    chmod 500 "$shut"
    for pending in "$shut" "$shut/not/yet"; do
        for mode in --export --repair; do
            [ "$mode" = --export ] || printf '{"torn' >>"$TRANSCRIPT"
            for how in --dry-run --force; do
                [ "$mode$how" != --export--force ] || how=-q
                # here any client that cannot be looked at may have it
                [ "$mode$how" != --repair--force ] || continue
                rescue_under setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- "$mode" "$ID" \
                    "$how" --config-dir "$CONFIG_DIR" --pending-dir "$pending" --log-dir "$LOG"
                [ "$status" -eq 3 ]
                [[ $stderr == *"$shut"*"permission denied"* ]]
            done
        done
    done
}

@test "of two copies of one session each is backed up once, and again when it has grown" {
    elsewhere=$CONFIG_DIR/projects/-tmp-q/$ID.jsonl
    mkdir -p "${elsewhere%/*}"
    { cat "$TRANSCRIPT"; echo '{"later":true}'; } >"$elsewhere"
    backups()
    {
        find "$PENDING" -name '*.sha256' | wc -l
    }
    for _ in first second third; do
        export_session --all
        [ "$status" -eq 0 ]
        [ "$(backups)" -eq 2 ]
    done
    [[ $output == *"already exported"*"already exported"* ]]
    echo '{"later":true}' >>"$elsewhere"
    export_session --all
    [ "$(backups)" -eq 3 ]
    export_session --all
    [ "$(backups)" -eq 3 ]
}
