#!/usr/bin/env bats
# tools/install-deps on systems that this one is not: a PATH with nothing on it
# but what every system has, and stand-ins for the package manager in question.
# That it really installs is seen by `make run` and `make test` on a fresh machine.

setup()
{
    bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    for tool in sh awk cat chmod cp grep head id mkdir mktemp rm sed sort tr; do
        ln -s "$(command -v "$tool")" "$bin/$tool"
    done
    script=$PWD/tools/install-deps
}

# A program that writes down how it was called, and then does what $2 says.
stand_in()
{
    printf '#!/bin/sh\necho "%s $*" >>"%s"\n%s\n' "$1" "$BATS_TEST_TMPDIR/calls" "${2-}" >"$bin/$1"
    chmod +x "$bin/$1"
}

install_deps()
{
    run env -i PATH="$bin" TMPDIR="$BATS_TEST_TMPDIR" APT_FOLDER="$BATS_TEST_TMPDIR/apt" sh "$script" "$@"
    echo "$output"
}

# Every need of the group "build" met: stand-ins that answer as the real ones do.
everything_is_there()
{
    stand_in cc
    stand_in ninja
    stand_in pkg-config
    stand_in meson 'echo 1.0.1'
}

@test "without a group, or with an unknown one, it says how it is used" {
    install_deps
    [ "$status" -eq 2 ]
    install_deps everything
    [ "$status" -eq 2 ]
    [[ $output == usage:* ]]
}

@test "nothing missing: silent, and no package manager is asked" {
    everything_is_there
    stand_in apt-get 'exit 1'
    stand_in dpkg 'exit 1'
    install_deps build
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    ! grep -q '^apt-get\|^dpkg' "$BATS_TEST_TMPDIR/calls"
}

@test "a Meson that is too old counts as missing" {
    everything_is_there
    stand_in meson 'echo 0.61.2'
    stand_in brew
    install_deps build
    [ "$status" -eq 1 ]
    [[ $output == *"brew install meson"* ]]
}

@test "elsewhere the packages are named, by their names there" {
    for system in "dnf:gcc glibc-devel meson ncurses-devel ninja-build openssl-devel pkgconf sqlite-devel yyjson-devel" \
        "pacman:gcc glibc meson ncurses ninja openssl pkgconf sqlite yyjson" \
        "apk:gcc meson musl-dev ncurses-dev openssl-dev pkgconf samurai sqlite-dev yyjson-dev" \
        "brew:gcc meson ncurses ninja openssl pkgconf sqlite yyjson"; do
        stand_in "${system%%:*}"
        install_deps build
        rm "$bin/${system%%:*}"
        [ "$status" -eq 1 ]
        [[ $output == *"${system%%:*}"*" ${system#*:}" ]]
    done
}

@test "no known package manager: what is missing is still named" {
    install_deps build
    [ "$status" -eq 1 ]
    [[ $output == *"pkg:yyjson"* ]]
}

@test "apt without root and without sudo: says so, and changes nothing" {
    stand_in apt-get
    stand_in dpkg
    rm "$bin/id"
    stand_in id 'echo 1000'
    install_deps build
    [ "$status" -eq 1 ]
    [[ $output == *libyyjson-dev* ]]
    [[ $output == *"there is no sudo here"* ]]
    ! grep -q '^apt-get' "$BATS_TEST_TMPDIR/calls"
}

@test "apt that fails is a failure" {
    stand_in apt-get 'exit 100'
    stand_in apt-cache 'echo "  Candidate: 1.0"'
    stand_in dpkg
    stand_in env 'shift; exec "$@"'
    rm "$bin/id"
    stand_in id 'echo 0'
    install_deps build
    [ "$status" -ne 0 ]
    grep -q '^apt-get -q install' "$BATS_TEST_TMPDIR/calls"
}

# The source that would be used for release "later", given sources for "own".
borrowed()
{
    mkdir -p "$BATS_TEST_TMPDIR/apt/sources.list.d" "$BATS_TEST_TMPDIR/out"
    run sh -c '
        eval "$(sed -n "/^apt=/p; /^apt_source_for/,/^}/p" "$1")"
        scratch=$2
        apt_source_for own main later && cat "$scratch"/borrowed.*' sh "$script" "$BATS_TEST_TMPDIR/out"
    echo "$output"
}

@test "the machine's own mirror: a one-line source, its options kept" {
    export APT_FOLDER=$BATS_TEST_TMPDIR/apt
    mkdir -p "$APT_FOLDER"
    cat >"$APT_FOLDER/sources.list" <<'END'
# deb http://commented.example/debian own main
deb cdrom:[A Disc]/ own main
deb-src http://source.example/debian own main
deb http://vendor.example/tool own tool
deb http://other.example/debian own-security main
  deb   [arch=amd64 signed-by=/k.gpg]  http://mirror.example/debian   own contrib main # ours
deb http://second.example/debian own main
END
    borrowed
    [ "$status" -eq 0 ]
    [ "$output" = "deb [arch=amd64 signed-by=/k.gpg]  http://mirror.example/debian later main" ]
}

@test "the machine's own mirror: a deb822 source, its key kept" {
    export APT_FOLDER=$BATS_TEST_TMPDIR/apt
    mkdir -p "$APT_FOLDER/sources.list.d"
    cat >"$APT_FOLDER/sources.list.d/a.sources" <<'END'
Types: deb
URIs: http://off.example/debian
Suites: own
Components: main
Enabled: no

# Types: deb
Types: deb-src
URIs: http://source.example/debian
Suites: own
Components: main

Types: deb deb-src
URIs: http://mirror.example/debian
Suites: own own-updates
Components: contrib main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://second.example/debian
Suites: own
Components: main
END
    borrowed
    [ "$status" -eq 0 ]
    [ "$output" = "Types: deb
URIs: http://mirror.example/debian
Suites: later
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----" ]
}

@test "no source of its own release: nothing to borrow from" {
    export APT_FOLDER=$BATS_TEST_TMPDIR/apt
    mkdir -p "$APT_FOLDER"
    echo 'deb http://other.example/debian sid main' >"$APT_FOLDER/sources.list"
    borrowed
    [ "$status" -ne 0 ]
}
