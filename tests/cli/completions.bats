#!/usr/bin/env bats
# Completion in the shells themselves: what is typed, and what the line says after Tab.

load helper
load sessions

setup()
{
    scratch_home
    completions=$PWD/completions
    mkdir -p "$HOME/bin" "$HOME/first/second" "$HOME/shell"
    ln -s "$SESSION_RESCUE" "$HOME/bin/session-rescue"
    store_session "$ID"
}

teardown()
{
    end_started
}

# What a line has, completed: `completed --kill pts/`; the last word may be empty.
completed()
{
    rescue --complete "$@"
    [ "$status" -eq 0 ]
    offered=$(cut -f 1 <<<"$output")
}

# The names that --help knows, sorted.
names_of_help()
{
    rescue --help >/dev/null
    grep -oE '^  (-[a-zA-Z], )?--[a-z-]+' <<<"$output" | grep -oE -- '--[a-z-]+' | sort
}

# Start a shell in a tall pane: open_shell COMMAND...; its prompt is "ready> ".
open_shell()
{
    private_tmux new-session -d -x 160 -y 120 -c "$HOME" env -i HOME="$HOME" PATH="$HOME/bin:$PATH" \
        TERM=screen LANG=C.UTF-8 ASAN_OPTIONS="${ASAN_OPTIONS-}" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" \
        SESSION_RESCUE_PENDING_DIR="$PENDING" "$@"
    wait_until 60 shows 'ready>'
}

open_bash()
{
    printf '%s\n' "PS1='ready> '" "source '$completions/session-rescue.bash'" >"$HOME/shell/rc"
    open_shell bash --noprofile --rcfile "$HOME/shell/rc" -i
}

open_zsh()
{
    command -v zsh >/dev/null || skip "zsh is not installed"
    printf '%s\n' "PROMPT='ready> '" "fpath=('$completions' \$fpath)" \
        'autoload -Uz compinit' 'compinit -u -D' >"$HOME/shell/.zshrc"
    open_shell ZDOTDIR="$HOME/shell" zsh -d -i
}

open_fish()
{
    command -v fish >/dev/null || skip "fish is not installed"
    printf '%s\n' 'set -g fish_autosuggestion_enabled 0' 'function fish_prompt; echo -n "ready> "; end' \
        "source '$completions/session-rescue.fish'" >"$HOME/shell/rc"
    open_shell fish --no-config --init-command "source $HOME/shell/rc"
}

screen()
{
    private_tmux capture-pane -p -J
}

shows()
{
    screen | grep -qF -- "$1"
}

# becomes TYPED LINE: after Tab the line, which was TYPED, is LINE.
becomes()
{
    private_tmux send-keys -l -- "session-rescue $1"
    wait_until 60 shows "ready> session-rescue $1"
    private_tmux send-keys Tab
    wait_until 60 shows "ready> session-rescue $2" || { screen; return 1; }
    private_tmux send-keys C-u
    wait_until 60 shows_empty_line
}

shows_empty_line()
{
    screen | grep -qxE 'ready> *'
}

lists_every_name()
{
    local names name
    names=$(names_of_help)
    [ "$(wc -l <<<"$names")" -gt 10 ]
    private_tmux send-keys -l -- 'session-rescue --'
    wait_until 60 shows 'ready> session-rescue --'
    private_tmux send-keys Tab
    private_tmux send-keys Tab
    for name in $names; do
        wait_until 60 shows "$name" || { screen; return 1; }
    done
}

completes_all_kinds()
{
    start_session
    becomes '--expo' '--export'
    becomes '--restore --dry' '--restore --dry-run'
    becomes '--agent=cl' '--agent=claude'
    becomes "--config-dir $HOME/fir" "--config-dir $HOME/first/"
    becomes "--kill --config-dir $CONFIG_DIR 0b0b" "--kill --config-dir $CONFIG_DIR $OTHER"
    becomes "--resume --config-dir $CONFIG_DIR 0a0a" "--resume --config-dir $CONFIG_DIR $ID"
    becomes '--verify 2' "--verify $stem"
}

# A live session, and a backup of the stored one.
start_session()
{
    install_client
    fake --session "$OTHER" --status idle -- "$client" --resume "$OTHER"
    export_session "$ID"
    stem=$(basename "$PENDING"/*-LOSSLESS-"$ID".sha256 .sha256)
}

@test "every option of --help is offered, and nothing that it does not name" {
    completed --
    [ "$(sort <<<"$offered")" = "$(names_of_help)" ]
}

@test "after a mode only what goes with it is offered, and no second mode" {
    completed --kill --
    [[ $offered == *--grace* ]]
    [[ $offered != *--new-id* ]]
    [[ $offered != *--export* ]]
    completed --restore --json --
    [[ $offered == *--new-id* ]]
    [[ $offered != *--json* ]]
    [[ $offered == *--config-dir* ]]
}

@test "a mode that takes one word is offered one" {
    start_session
    completed --config-dir "$CONFIG_DIR" --kill ""
    grep -qx "$OTHER" <<<"$offered"
    grep -qx "$pid" <<<"$offered"
    completed --config-dir "$CONFIG_DIR" --kill "$OTHER" ""
    run ! grep -qx "$pid" <<<"$offered"
    grep -qx -- --grace <<<"$offered"
}

@test "only the stored sessions that can be meant are offered, and none to kill" {
    store_session "$OTHER"
    completed --config-dir "$CONFIG_DIR" --resume 0a0a
    [ "$offered" = "$ID" ]
    completed --config-dir "$CONFIG_DIR" --kill ""
    run ! grep -q "$ID" <<<"$offered"
}

@test "a value is completed by its kind, and a number by nothing" {
    completed --pending-dir ""
    [ "$offered" = :directory ]
    completed --agent ""
    [ "$offered" = $'claude\nopencode\ncopilot\nqwen\ncodex\nkimi\ngemini\ngoose' ]
    completed --timeout ""
    [ -z "$output" ]
    completed --cwd --json ""
    [[ $offered != *:directory* ]]
}

@test "what a prompt said cannot drive the terminal that completes it" {
    stored "$OTHER" /tmp/p $'\e]0;owned\a\tx'
    completed --config-dir "$CONFIG_DIR" --resume 0b0b
    [[ $output != *$'\e'* ]]
    [ "$(tr -dc '\t' <<<"$output" | wc -c)" -eq 1 ]
}

@test "a line with mistakes in it is completed all the same" {
    completed --no-such-option --kill --exp
    [ "$status" -eq 0 ]
    completed
    [[ $offered == *--status* ]]
    rescue --complete
    [ "$status" -eq 0 ]
}

@test "bash lists every option" {
    open_bash
    lists_every_name
}

@test "bash completes modes, options, values, sessions and backups" {
    open_bash
    completes_all_kinds
}

@test "zsh lists every option" {
    open_zsh
    lists_every_name
}

@test "zsh completes modes, options, values, sessions and backups" {
    open_zsh
    completes_all_kinds
}

@test "fish lists every option" {
    open_fish
    lists_every_name
}

@test "fish completes modes, options, values, sessions and backups" {
    open_fish
    completes_all_kinds
}
