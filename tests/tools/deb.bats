#!/usr/bin/env bats
# The Debian package, installed in a root in which nothing is but what it says that it needs.
#
# The files of that root, and what its dpkg knows of them, are this machine's own: nothing is fetched.

bats_require_minimum_version 1.5.0
PATH=$PATH:/usr/sbin:/sbin # chroot, and what dpkg asks for

setup_file()
{
    command -v dpkg-shlibdeps >/dev/null || skip "dpkg-dev is not installed"
    as_root true 2>/dev/null || skip "neither root nor a user namespace can be had"
    export PACKAGE SANDBOX=$BATS_FILE_TMPDIR/root
    PACKAGE=$(make --no-print-directory deb JOBS="${JOBS:-2}" 2>"$BATS_FILE_TMPDIR/errors" | tail -n 1) &&
        [ -f "$PACKAGE" ] || { cat "$BATS_FILE_TMPDIR/errors" >&2; return 1; }
    make_root
    as_root dpkg --root="$SANDBOX" --log=/dev/null --install "$PACKAGE" >"$BATS_FILE_TMPDIR/dpkg" 2>&1 ||
        { cat "$BATS_FILE_TMPDIR/dpkg" >&2; return 1; }
}

# Root, or what a user can have of it: a namespace in which the files are root's.
as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        unshare --user --map-root-user "$@"
    fi
}

# The names in a list of dependencies; of alternatives the one that is installed here.
names_in()
{
    local choice name
    tr ',' '\n' <<<"$1" | while read -r choice; do
        for name in $(tr '|' '\n' <<<"$choice" | sed 's/([^)]*)//; s/:any//'); do
            ! dpkg-query --show "$name" >/dev/null 2>&1 || { echo "$name"; break; }
        done
    done
}

# All packages that the given dependencies bring, one a line.
closure_of()
{
    local todo name seen=' '
    todo=$(names_in "$1")
    while [ -n "$todo" ]; do
        name=${todo%%[[:space:]]*}
        todo=$(sed '1d' <<<"$todo")
        [[ $seen != *" $name "* ]] || continue
        seen+="$name "
        echo "$name"
        todo+=$'\n'$(names_in "$(dpkg-query --show --showformat '${Pre-Depends},${Depends}' "$name")")
        todo=$(grep . <<<"$todo")
    done
}

make_root()
{
    local name file
    mkdir -p "$SANDBOX"/{proc,tmp,root,var/lib/dpkg/{info,updates}} "$SANDBOX"/usr/{bin,lib}
    for name in /lib /lib64 /bin; do
        [ ! -L "$name" ] || { mkdir -p "$SANDBOX/$(readlink -f "$name")"; ln -s "$(readlink "$name")" "$SANDBOX$name"; }
    done
    for name in $(closure_of "$(dpkg-deb --field "$PACKAGE" Depends)"); do
        dpkg-query --status "$name" | grep -v '^Conffiles:\|^ /etc/'
        echo
        dpkg-query --listfiles "$name" | while IFS= read -r file; do
            [ ! -f "$file" ] || echo ".$file"
        done >&3
    done 3>"$BATS_FILE_TMPDIR/files" >"$SANDBOX/var/lib/dpkg/status"
    tar -C / -c --ignore-failed-read -T "$BATS_FILE_TMPDIR/files" | tar -C "$SANDBOX" -x --keep-directory-symlink
}

in_root()
{
    run --separate-stderr as_root env -i HOME=/root LANG=C.UTF-8 PATH="$PATH" chroot "$SANDBOX" "$@"
    printf '%s: status %s\n%s\n--- stderr\n%s\n' "$*" "$status" "$output" "$stderr"
}

@test "the package is installed, and nothing that it needs is missing" {
    # dpkg has asked for each dependency; nothing was forced
    run dpkg-query --admindir="$SANDBOX/var/lib/dpkg" --show --showformat '${Status}' session-rescue
    [ "$output" = "install ok installed" ]
    [[ $(dpkg-deb --field "$PACKAGE" Depends) == *libyyjson0* ]]
}

@test "the program starts from the package" {
    in_root /usr/bin/session-rescue --version
    [ "$status" -eq 0 ]
    [ "$output" = "session-rescue $(dpkg-deb --field "$PACKAGE" Version)" ]
}

@test "the program lists what runs: in there, nothing" {
    as_root unshare --mount --pid --fork sh -c 'mount -t proc proc "$1/proc"' sh "$SANDBOX" 2>/dev/null ||
        skip "no /proc can be mounted"
    run --separate-stderr as_root env -i HOME=/root LANG=C.UTF-8 PATH="$PATH" unshare --mount --pid --fork sh -c \
        'mount -t proc proc "$1/proc" && exec chroot "$1" /usr/bin/session-rescue --status' sh "$SANDBOX"
    echo "$output$stderr"
    [ "$status" -eq 0 ]
    [[ $output == "No Claude processes found"* ]]
}

@test "manual page, completions, plugin and copyright are where Debian has them" {
    run dpkg-query --admindir="$SANDBOX/var/lib/dpkg" --listfiles session-rescue
    for file in man/man1/session-rescue.1.gz bash-completion/completions/session-rescue \
        zsh/vendor-completions/_session-rescue fish/vendor_completions.d/session-rescue.fish \
        session-rescue/.claude-plugin/marketplace.json session-rescue/plugin/.claude-plugin/plugin.json \
        doc/session-rescue/copyright doc/session-rescue/changelog.gz; do
        grep -qx "/usr/share/$file" <<<"$output"
    done
    run ! grep -E '\.(a|h|pc)$' <<<"$output"
    gzip -dc "$SANDBOX/usr/share/man/man1/session-rescue.1.gz" | cmp - doc/session-rescue.1
}

@test "what is installed has the sums that the package tells" {
    run dpkg --root="$SANDBOX" --log=/dev/null --verify session-rescue
    echo "$output"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "lintian is content" {
    command -v lintian >/dev/null || skip "lintian is not installed"
    # nobody's address stands in this tree
    run lintian --allow-root --fail-on error,warning --pedantic \
        --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog "$PACKAGE"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "removed again, nothing is left" {
    as_root dpkg --root="$SANDBOX" --log=/dev/null --purge session-rescue
    run find "$SANDBOX" -name '*session-rescue*'
    [ -z "$output" ]
}
