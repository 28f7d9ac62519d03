#!/usr/bin/env bats
# The command line itself: what is accepted, what is refused, and where it is said.

load helper

setup()
{
    scratch_home
}

@test "--help names every mode on standard output" {
    rescue --help
    [ "$status" -eq 0 ]
    [[ $output == *--status* ]]
    [[ $output == *--resume* ]]
    [ -z "$stderr" ]
}

@test "-h is --help" {
    rescue --help
    long=$output
    rescue -h
    [ "$status" -eq 0 ]
    [ "$output" = "$long" ]
}

@test "--version and -V print name and version" {
    rescue --version
    [ "$status" -eq 0 ]
    [[ $output =~ ^session-rescue\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    long=$output
    rescue -V
    [ "$output" = "$long" ]
}

@test "an unknown option is a usage error, named on standard error" {
    rescue --no-such-option
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == *--no-such-option* ]]
}

@test "two modes at once are a usage error" {
    rescue --status --resume
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [ -n "$stderr" ]
}

@test "a time that is no number is a usage error, not the default" {
    for value in "" abc -1 nan 1e999 "10 "; do
        rescue --status --timeout "$value" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 2 ]
        [[ $stderr == *--timeout* ]]
    done
}

@test "an empty config directory is information, not a failure" {
    rescue --status --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == "No Claude processes found"* ]]
}

@test "an output that cannot be written is a failure" {
    [ -e /dev/full ] || skip "this system has no /dev/full"
    run sh -c '"$1" --help >/dev/full' sh "$SESSION_RESCUE"
    [ "$status" -eq 3 ]
}
