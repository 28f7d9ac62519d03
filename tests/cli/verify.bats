#!/usr/bin/env bats
# --verify: what has happened to backups since they were taken.

load helper
load sessions

setup()
{
    scratch_home
    store_session "$ID"
    export_session "$ID"
    stem=$(basename "$PENDING"/*.sha256 .sha256)
}

verify()
{
    rescue --verify "$@" --pending-dir "$PENDING"
}

@test "--verify finds a fresh backup sound" {
    verify
    [ "$status" -eq 0 ]
    [[ $output == "verified "*"$stem"* ]]
}

@test "no backups at all is information" {
    rescue --verify --pending-dir "$HOME/nowhere"
    [ "$status" -eq 0 ]
    [[ $output == "No backups in $HOME/nowhere" ]]
}

@test "a changed byte is damage, with file and place" {
    printf X | dd of="$PENDING/$stem.jsonl" bs=1 seek=20 conv=notrunc status=none
    verify
    [ "$status" -eq 1 ]
    [[ $output == "damaged "*"$PENDING/$stem.jsonl differs from $TRANSCRIPT, first at byte 20"* ]]
}

@test "a backup without its sums is incomplete, one without its manifest says so" {
    mv "$PENDING/$stem.sha256" "$HOME/kept"
    verify
    [ "$status" -eq 1 ]
    [[ $output == "incomplete "* ]]
    mv "$HOME/kept" "$PENDING/$stem.sha256"
    rm "$PENDING/$stem.json"
    verify
    [ "$status" -eq 1 ]
    [[ $output == "manifest missing "* ]]
}

@test "a backup is named by any of its files, its stem, or its session" {
    for word in "$PENDING/$stem.jsonl" "$PENDING/$stem.files/history.jsonl" "$stem" "$ID" "${ID:0:8}"; do
        verify "$word"
        [ "$status" -eq 0 ]
        [[ $output == "verified "*"$stem"* ]]
    done
}

@test "a word that names no backup is a usage error" {
    for word in 12345678 pts/4 "$HOME"; do
        verify "$word"
        [ "$status" -eq 2 ]
        [[ $stderr == *"$word"* ]]
    done
}

@test "--json says the same" {
    rm -r "$PENDING/$stem.files/projects"
    verify --json
    [ "$status" -eq 1 ]
    [ "$(json .backups[0].result)" = damaged ]
    [[ $(json .backups[0].findings[0].file) == *agent-1.jsonl ]]
}

@test "what is being exported at this moment is not called incomplete" {
    mkdir "$PENDING/.partial-2026-01-02T03-04-05Z-LOSSLESS-$OTHER"
    : >"$PENDING/2026-01-02T03-04-05Z-LOSSLESS-$OTHER.jsonl"
    verify
    [ "$status" -eq 0 ]
}

# Runs a script where $PENDING is a disk of its own, whose image is the file $image.
on_a_disk_of_its_own()
{
    export PENDING LOG SESSION_RESCUE TRANSCRIPT image=$BATS_TEST_TMPDIR/image
    truncate -s 64M "$image"
    mkdir -p "$PENDING"
    mkfs.ext4 -q "$image" 2>/dev/null || skip "there is no mkfs.ext4"
    unshare -m mount -o loop "$image" "$PENDING" 2>/dev/null || skip "no image can be mounted here"
    # shellcheck disable=SC2016 # the inner shell's
    run --separate-stderr unshare -m bash -c 'mount -o loop "$image" "$PENDING" && chmod 700 "$PENDING" && eval "$1"' bash "$1"
    printf 'status %s\n%s\n--- stderr\n%s\n' "$status" "$output" "${stderr-}"
}

@test "a byte that only the disk has lost is found: what memory still holds does not count" {
    sed -i "s/hello/a-word-of-its-own/" "$TRANSCRIPT"
    # shellcheck disable=SC2016 # the inner shell's
    on_a_disk_of_its_own '
        options=(--config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG")
        env -i HOME="$HOME" "$SESSION_RESCUE" --export "$ID" "${options[@]}" || exit
        env -i HOME="$HOME" "$SESSION_RESCUE" --verify --pending-dir "$PENDING" || exit
        offset=$(grep -abo a-word-of-its-own "$image" | head -n 1 | cut -d: -f1)
        printf X | dd of="$image" bs=1 seek="$offset" conv=notrunc status=none
        env -i HOME="$HOME" "$SESSION_RESCUE" --verify --pending-dir "$PENDING"
        echo "verify ends with $?"
        env -i HOME="$HOME" "$SESSION_RESCUE" --export "$ID" "${options[@]}"'
    [ "$status" -eq 0 ]
    [[ $output == *"1 of 1 verified"*damaged*"verify ends with 1"*"exported ${ID:0:8} "* ]]
    [[ $output != *"already exported"* ]]
}

@test "the manifest says how each file was read back, long ones too" {
    head -c 9000000 /dev/zero | tr '\0' x >"$CONFIG_DIR/projects/-tmp-p/$ID/long.txt"
    # shellcheck disable=SC2016 # the inner shell's
    on_a_disk_of_its_own '
        env -i HOME="$HOME" "$SESSION_RESCUE" --export "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG" || exit
        cat "$PENDING"/*.json'
    [ "$status" -eq 0 ]
    [ "$(grep -cE '"read_back": *"(direct|dropped)"' <<<"$output")" -eq 4 ]
    [[ $output != *'"cache"'* ]]
}

@test "where there is no disk, the manifest says so" {
    [ "$(stat -f -c %T /dev/shm)" = tmpfs ] || skip "/dev/shm is no tmpfs"
    PENDING=$(mktemp -d /dev/shm/sr-pending-XXXXXX)
    export_session "$ID"
    [ "$(grep -cE '"read_back": *"cache"' "$PENDING"/*.json)" -eq 3 ]
    rm -r "$PENDING"
}
