#!/usr/bin/env bats
# Run by sudo: whose sessions, whose files, whose rights.

load helper
load sessions
load invoker

setup()
{
    scratch_user_with_session
    in_store=(--config-dir "$CONFIG_DIR")
}

@test "under sudo a backup is made in the user's home, and is the user's" {
    with_sudo
    by_sudo -- --export "$ID"
    [ "$status" -eq 0 ]
    is_users_alone "$HOME/.local"
    cmp "$TRANSCRIPT" "$HOME"/.local/share/session-rescue/pending/*-LOSSLESS-"$ID".jsonl
    by_sudo -- --verify
    [ "$status" -eq 0 ]
    by_sudo -- --restore "$ID" --config-dir "$HOME/restored" --force
    [ "$status" -eq 0 ]
    is_users_alone "$HOME/restored"
}

@test "under sudo the user's own variables say where, though sudo drops them" {
    with_sudo
    as_user mv "$CONFIG_DIR" "$HOME/elsewhere"
    by_sudo CLAUDE_CONFIG_DIR="$HOME/elsewhere" SESSION_RESCUE_PENDING_DIR="$HOME/kept" XDG_STATE_HOME="$HOME/state" -- --export "$ID"
    [ "$status" -eq 0 ]
    PENDING=$HOME/kept has_backup "$ID"
    is_users_alone "$HOME/kept"
    is_users_alone "$HOME/state"
    [ ! -e "$HOME/.local" ]
}

@test "under sudo the listing is of the user's sessions; root itself sees all" {
    with_sudo
    users_fake --session "$ID" --cwd / -- "$client"
    theirs=$pid
    mkdir -p "$shared/root/.claude/projects" "$shared/root/.claude/sessions"
    HOME=$shared/root fake --session "$OTHER" --cwd / -- "$client"
    both=(--config-dir "$CONFIG_DIR" --config-dir "$shared/root/.claude")
    by_sudo -- --status --json "${both[@]}"
    [ "$(json '.sessions.map(s => s.pid)')" = "[$theirs]" ]
    rescue --status --json "${both[@]}"
    [ "$(json '.sessions.map(s => s.pid).sort().length')" = 2 ]
    by_sudo -- --kill "$pid" --force --config-dir "$shared/root/.claude"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: process $pid belongs to root, another user"* ]]
    kill -0 "$pid"
}

@test "under sudo the user's session is ended, its backup the user's" {
    with_sudo
    users_fake --session "$ID" --cwd / -- "$client"
    by_sudo -- --kill "$pid" --dry-run "${in_store[@]}"
    [ "$status" -eq 0 ]
    [ ! -e "$HOME/.local" ]
    by_sudo -- --kill "$pid" --force "${in_store[@]}"
    [ "$status" -eq 0 ]
    is_users_alone "$HOME/.local"
    [ ! -e "/proc/$pid" ] || grep -q '^State:.Z' "/proc/$pid/status"
}

@test "under sudo no link of the user's leads to where only root may write" {
    with_sudo
    mkdir -m 700 "$shared/roots"
    echo kept >"$shared/roots/SESSION-LOG-$(date -u +%F).md"
    as_user mkdir -p "$HOME/.local/share/session-rescue"
    as_user ln -s "$shared/roots" "$HOME/.local/share/session-rescue/pending"
    by_sudo -- --export "$ID"
    [ "$status" -eq 3 ]
    [[ $stderr == *"permission denied"* ]]
    as_user ln -s "$shared/roots" "$HOME/log"
    by_sudo -- --export "$ID" --pending-dir "$HOME/kept" --log-dir "$HOME/log"
    [ "$status" -eq 3 ]
    [[ $stderr == *"session log update failed"* ]]
    is_users_alone "$HOME/kept"
    as_user rm "$HOME/log"
    as_user mkdir "$HOME/log"
    as_user ln -s "$shared/roots/SESSION-LOG-$(date -u +%F).md" "$HOME/log/SESSION-LOG-$(date -u +%F).md"
    by_sudo -- --export "$ID" --pending-dir "$HOME/kept2" --log-dir "$HOME/log"
    [ "$status" -eq 3 ]
    [ "$(ls -A "$shared/roots")" = "SESSION-LOG-$(date -u +%F).md" ]
    [ "$(cat "$shared/roots"/*)" = kept ]
}

@test "under sudo nothing is read that the user may not read" {
    with_sudo
    mkdir -m 700 "$shared/roots"
    mkdir -p "$shared/roots/projects/-x"
    sed 's/hello/TOP-SECRET/' "$TRANSCRIPT" >"$shared/roots/projects/-x/$OTHER.jsonl"
    for mode in "--resume" "--status" "--export $OTHER" "--export --all" "--check"; do
        # shellcheck disable=SC2086 # words
        by_sudo CLAUDE_CONFIG_DIR="$shared/roots" -- $mode --pending-dir "$HOME/kept"
        [[ $output$stderr != *TOP-SECRET* ]]
    done
    as_user ln -s "$shared/roots/projects/-x/$OTHER.jsonl" "$CONFIG_DIR/projects/-tmp-p/$OTHER.jsonl"
    by_sudo -- --export --all "${in_store[@]}" --pending-dir "$HOME/kept"
    by_sudo -- --resume "${in_store[@]}"
    [[ $output$stderr != *TOP-SECRET* ]]
    run ! grep -rq TOP-SECRET "$HOME/kept"
}

# Tells of itself by who it is, in the process that loads it.
build_preload()
{
    cat >"$shared/preload.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void tell(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/loaded-by-%d", FOLDER, (int)geteuid());
    close(open(path, O_CREAT | O_WRONLY, 0666));
}
END
    cc -shared -fPIC -DFOLDER="\"$shared/marks\"" -o "$shared/preload.so" "$shared/preload.c"
    mkdir -m 1777 "$shared/marks"
}

@test "no variable of the user's brings code into the program that sudo runs" {
    with_sudo
    build_preload
    mkdir "$shared/path"
    for name in tmux sh id ps; do
        printf '#!/bin/sh\n: >"%s/ran-%s-by-$(/usr/bin/id -u)"\n' "$shared/marks" "$name" >"$shared/path/$name"
    done
    chmod -R a+rx "$shared/path"
    as_user LD_PRELOAD="$shared/preload.so" true # it works where it may
    [ -e "$shared/marks/loaded-by-$user_id" ]
    users_fake --session "$ID" --cwd / -- "$client"
    rm "$shared"/marks/*
    for mode in --status "--kill $pid --dry-run" "--revive $pid --dry-run" "--export $ID"; do
        # shellcheck disable=SC2086 # words
        by_sudo LD_PRELOAD="$shared/preload.so" LD_AUDIT="$shared/preload.so" LD_LIBRARY_PATH="$shared" \
            GCONV_PATH="$shared" LOCPATH="$shared" TERMINFO="$shared" PATH="$shared/path:$PATH" \
            TMPDIR="$shared/roots" HOME="$shared/roots" -- $mode "${in_store[@]}"
        [ "$status" -le 4 ]
    done
    # sh and env, which start sudo for the user, are the user's own business
    [ -z "$(find "$shared/marks" -name '*-by-0')" ]
    [ ! -e "$shared/roots" ]
    is_users_alone "$HOME/.local"
}

@test "a SUDO_UID that names nobody: nothing is done" {
    for value in x 64321x "-1" 4294967295 99999999999 "0x10" " $user_id" 64322; do
        by_root_for "$value" --export "$ID" "${in_store[@]}" --pending-dir "$shared/kept"
        [ "$status" -eq 3 ]
        [ -z "$output" ]
        [[ $stderr == *SUDO_UID* ]]
        [ ! -e "$shared/kept" ]
    done
}

@test "a SUDO_UID without a sudo takes root's rights away, and says so" {
    mkdir -m 700 "$shared/roots"
    by_root_for "$user_id" --export "$ID"
    [ "$status" -eq 0 ]
    [[ $stderr == *"nothing above this process is theirs"* ]]
    is_users_alone "$HOME/.local"
    by_root_for "$user_id" --export "$ID" --pending-dir "$shared/roots/kept"
    [ "$status" -eq 3 ]
    [ -z "$(ls -A "$shared/roots")" ]
}

@test "root that sudo did not make stays root" {
    for value in "" 0; do
        by_root_for "$value" --export "$ID" "${in_store[@]}" --pending-dir "$shared/kept$value" --log-dir "$shared/log$value"
        [ "$status" -eq 0 ]
        [ "$(stat -c %u "$shared/kept$value")" = 0 ]
    done
}

@test "SUDO_UID means nothing to a user without root's rights" {
    run --separate-stderr as_user SUDO_UID=0 "$rescue_program" --export "$ID"
    [ "$status" -eq 0 ]
    is_users_alone "$HOME/.local"
}

@test "a set-uid copy of the program refuses to run" {
    chmod 4755 "$rescue_program"
    run --separate-stderr as_user "$rescue_program" --status "${in_store[@]}"
    [ "$status" -eq 4 ]
    [ -z "$output" ]
    [[ $stderr == *"not made to be set-uid"* ]]
}

@test "the terminal that sudo was typed on is not touched" {
    with_sudo
    users_fake --session "$ID" --cwd / -- /bin/sh -c "
        '$client' </dev/tty &
        until grep -qs $ID '$CONFIG_DIR'/sessions/*.json; do sleep 0.1; done
        sudo -n '$rescue_program' --kill $ID --force --config-dir '$CONFIG_DIR' >'$HOME/new' 2>&1
        echo \"status \$?\" >>'$HOME/new'
        mv '$HOME/new' '$HOME/seen'; wait"
    wait_until 60 test -s "$HOME/seen"
    cat "$HOME/seen"
    grep -q 'status 4' "$HOME/seen"
    grep -q 'refused' "$HOME/seen"
    [ ! -e "$HOME/.local" ]
}
