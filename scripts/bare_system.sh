#!/usr/bin/env bash
# Tries README's two commands on a bare Debian, as root and as an ordinary user; or the wheel alone.
#
#     sudo scripts/bare_system.sh [bookworm|trixie] [root|user] [demo|test ...]
#     sudo scripts/bare_system.sh [bookworm|trixie] wheel
#
# Makes a system with debootstrap --variant=minbase below $HOTCUE_BARE (default: /var/tmp/hotcue-bare),
# adds only what docs/INSTALL.md's "You need" lists, clones this checkout's HEAD into a path with a space and
# runs there: as root `make demo` and `make test`; as a user `make demo`, which must end within five
# seconds with exit 1 and one command to paste, then that command as root, then both as the user.
# With `wheel`, adds python3 and python3-venv alone, nothing of ALSA, and installs and tries, as a
# user, the wheel that `make wheel` has left in target/wheel.
# Prints what each took and downloaded. Needs root, debootstrap, and but for the wheel Rust by
# rustup, which is mounted read-only. Clients of package registries are configured as they are on this machine.
set -euo pipefail

suite=${1:-bookworm}
who=${2:-root}
shift $(($# < 2 ? $# : 2))
targets=("$@")
((${#targets[@]})) || targets=(demo test)

repository=$(cd "$(dirname "$0")/.." && pwd)
work=${HOTCUE_BARE:-/var/tmp/hotcue-bare}
base=$work/$suite-base
system=$work/$suite-$who
checkout='/home/someone/a path/hotcue'

[ "$(id -u)" = 0 ] || { echo 'run this as root' >&2; exit 2; }
mkdir -p "$work"

mounts=()
# shellcheck disable=SC2317  # The trap calls it.
cleanup() {
    for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do umount "${mounts[i]}" || true; done
}
trap cleanup EXIT
mount_at() { # what, where, options...
    mkdir -p "$system$2"
    mount "${@:3}" "$1" "$system$2"
    mounts+=("$system$2")
}

# --- a bare system ---------------------------------------------------------------------------
if [ ! -e "$base/.complete" ]; then
    echo "== debootstrap --variant=minbase $suite"
    rm -rf "$base"
    # This machine's mirror, if it is a Debian; debootstrap knows one itself.
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
        grep -v '^#' | grep -o 'https\?://[^ ]*/debian/\?' | head -n 1) || true
    debootstrap --variant=minbase "$suite" "$base" ${mirror:+"$mirror"} >"$work/debootstrap-$suite.log"
    touch "$base/.complete"
fi
# Of a run that was killed. Nothing is deleted while anything of this machine is mounted there.
findmnt -rno TARGET | { grep -F "$system/" || true; } | sort -r | while read -r left; do umount "$left"; done
if findmnt -rno TARGET | grep -qF "$system/"; then
    echo "something is still mounted below $system" >&2
    exit 2
fi
rm -rf "$system"
cp -a "$base" "$system"
mount_at proc /proc -t proc
mount_at tmpfs /dev/shm -t tmpfs
mount_at devpts /dev/pts -t devpts -o newinstance,ptmxmode=0666
ln -sf pts/ptmx "$system/dev/ptmx"
if [ "$who" != wheel ]; then
    mount_at "$(rustc --print sysroot)" /opt/rust --bind
    mount -o remount,bind,ro "$system/opt/rust"
fi

# How this machine's clients reach their registries; nothing of it is kept in the repository.
cp /etc/resolv.conf "$system/etc/resolv.conf"
cp /etc/hosts "$system/etc/hosts"
for file in /etc/pip.conf /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf.d/*registry* /etc/apt/auth.conf.d/*; do
    [ ! -f "$file" ] || install -D "$file" "$system$file"
done
environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/rust/bin TERM=dumb LANG=C.UTF-8)
while IFS='=' read -r name value; do
    case $name in
        PIP_FIND_LINKS) ;; # a folder of this machine
        *_proxy | *_PROXY | PIP_* | CARGO_REGISTRIES_* | CARGO_SOURCE_* | CARGO_HTTP_*) environment+=("$name=$value") ;;
    esac
done < <(env)
if [ -n "${SSL_CERT_FILE:-}" ]; then # certificates of its own: where every client looks
    cp "$SSL_CERT_FILE" "$system/opt/ca-certificates.crt"
    environment+=(SSL_CERT_FILE=/opt/ca-certificates.crt PIP_CERT=/opt/ca-certificates.crt
        CARGO_HTTP_CAINFO=/opt/ca-certificates.crt)
    sed -i '/^cert *=/d' "$system/etc/pip.conf" 2>/dev/null || true
fi

# inside USER COMMAND: a login shell's idea of the world, and nothing of the caller's.
inside() {
    local home=/root
    [ "$1" = root ] || home=/home/$1
    if [ "$1" = root ]; then
        chroot "$system" env -i "${environment[@]}" HOME="$home" sh -c "$2"
    else
        chroot "$system" env -i "${environment[@]}" HOME="$home" USER="$1" \
            setpriv --reuid "$1" --regid "$1" --clear-groups sh -c "$2"
    fi
}

received() { awk '/:/ && $1 != "lo:" { sum += $2 } END { print int(sum / 1e6) }' /proc/net/dev; }

# timed NAME USER COMMAND: says how long it took and what came over the network; keeps the output.
timed() {
    local begin before code=0
    begin=$(date +%s.%N)
    before=$(received)
    inside "$2" "$3" >"$work/$suite-$who-$1.log" 2>&1 || code=$?
    printf '%-9s %-5s %-14s exit %d  %6.1f s  %5d MB received\n' "$suite" "$who" "$1" "$code" \
        "$(echo "$(date +%s.%N) $begin" | awk '{ print $1 - $2 }')" $(($(received) - before))
    return $code
}

failed=0
must() { "$@" || { failed=1; tail -n 40 "$work/$suite-$who-$2.log"; }; }

if [ "$who" = wheel ]; then
    mkdir -p "$system/opt/hotcue"
    cp -r "$repository"/target/wheel/*.whl "$repository/scripts/bare_wheel.py" \
        "$repository/py/python/hotcue/kit" "$system/opt/hotcue"
    must timed you-need root 'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq -y install --no-install-recommends python3 python3-venv'
    if inside root 'ldconfig -p' | grep libasound; then
        echo 'libasound came along: this would show nothing' >&2
        exit 2
    fi
    inside root 'useradd -m someone'
    must timed install someone 'cd && python3 -m venv env && env/bin/pip install /opt/hotcue/*.whl'
    must timed use someone 'cd && env/bin/python /opt/hotcue/bare_wheel.py /opt/hotcue/kit'
    must timed version someone 'cd && env/bin/hotcue --version'
    cat "$work/$suite-$who-use.log" "$work/$suite-$who-version.log"
    exit $failed
fi

must timed you-need root 'export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && apt-get -qq -y install git make python3'
inside root 'useradd -m someone'
git clone -q --no-hardlinks "$repository" "$system$checkout"
owner=someone
[ "$who" = user ] || owner=root
inside root "chown -R $owner '$checkout' '/home/someone/a path'"

if [ "$who" = root ]; then
    for target in "${targets[@]}"; do
        must timed "$target" root "cd '$checkout' && make $target"
    done
else
    begin=$(date +%s%N)
    code=0 # make makes 2 of any failure of what it runs; preflight itself says 1
    timed first-try someone "cd '$checkout' && make demo" || code=$?
    ((code == 2)) || { failed=1; echo "the first try as a user had to end with 2"; }
    if (($(date +%s%N) - begin > 5000000000)); then
        echo 'the first try took longer than five seconds'
        failed=1
    fi
    code=0
    timed preflight someone "cd '$checkout' && scripts/preflight.sh" || code=$?
    ((code == 1)) || { failed=1; echo "preflight had to end with 1"; }
    log=$work/$suite-user-first-try.log
    sed 's/^/    | /' "$log"
    command=$(sed -n "s/^ *\(su -c\|sudo sh -c\) '\(.*\)'\$/\2/p" "$log")
    if [ "$(echo "$command" | grep -c .)" != 1 ]; then
        echo 'it has to name exactly one command to paste'
        failed=1
    fi
    must timed pasted root "export DEBIAN_FRONTEND=noninteractive; $command"
    for target in "${targets[@]}"; do
        must timed "$target" someone "cd '$checkout' && make $target"
    done
fi

# What a person would see at the end.
for target in "${targets[@]}"; do
    echo "-- end of make $target:"
    tail -n 15 "$work/$suite-$who-$target.log"
done
exit $failed
