#!/usr/bin/env bats
# A config directory on a mount that does not answer: a share whose server is gone.

load helper

setup()
{
    scratch_home
    stuck=$BATS_TEST_TMPDIR/stuck
    mkdir "$stuck"
    "$TEST_PROGRAMS/stuck-mount" "$stuck" true || skip "no FUSE mount can be made here"
}

# The bound is far above the 3 s that a user waits at most, and far below for ever.
under_stuck_mount()
{
    rescue_under timeout --signal=KILL 60 "$TEST_PROGRAMS/stuck-mount" "$stuck" -- "$@"
}

@test "the mount of these tests really does not answer" {
    run "$TEST_PROGRAMS/stuck-mount" "$stuck" timeout --signal=KILL 1 ls "$stuck"
    [ "$status" -eq 137 ]
}

@test "--status names a config directory that does not answer, and ends" {
    under_stuck_mount --status --config-dir "$stuck" --config-dir "$CONFIG_DIR"
    [ "$status" -ne 137 ]
    [[ $stderr == *"$stuck"* ]]
    [[ $output == "No Claude processes seen, and not all could be looked at"* ]]
}

@test "--resume still lists the sessions of the directories that answer" {
    id=11111111-2222-4333-8444-555555555555
    mkdir -p "$CONFIG_DIR/projects/-tmp-p"
    printf '%s\n' '{"type":"user","uuid":"a","parentUuid":null,"sessionId":"'$id'","cwd":"/tmp/p","timestamp":"2026-01-02T03:04:05.000Z","message":{"role":"user","content":"hello"}}' \
        >"$CONFIG_DIR/projects/-tmp-p/$id.jsonl"
    under_stuck_mount --resume --config-dir "$stuck" --config-dir "$CONFIG_DIR"
    [ "$status" -ne 137 ]
    [[ $stderr == *"$stuck"* ]]
    [[ $output == *"$id"* ]]
}

@test "a directory that is only reached through the mount" {
    under_stuck_mount --status --config-dir "$stuck/home/.claude"
    [ "$status" -ne 137 ]
    [[ $stderr == *"$stuck"* ]]
}

@test "a session whose directory does not answer is not told that it is gone" {
    id=11111111-2222-4333-8444-555555555555
    folder=$CONFIG_DIR/projects/${stuck//[^A-Za-z0-9]/-}-p
    mkdir -p "$folder"
    printf '%s\n' '{"type":"user","uuid":"a","parentUuid":null,"sessionId":"'$id'","cwd":"'"$stuck"'/p","timestamp":"2026-01-02T03:04:05.000Z","message":{"role":"user","content":"hello"}}' \
        >"$folder/$id.jsonl"
    under_stuck_mount --resume --json --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    jq -es --arg d "$stuck/p" '.[0].sessions[0] | .cwd == $d and .cwd_gone == null
        and .no_command == null and (.resume_command | startswith("cd " + $d))
        and (.notes == ["whether its directory " + $d + " is there is not known: its file system does not answer"])' <<<"$output"
    under_stuck_mount --check "$folder/$id.jsonl" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}
