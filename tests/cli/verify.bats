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
