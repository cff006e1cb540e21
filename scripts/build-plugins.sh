#!/usr/bin/env bash
# Builds the plugins and the guests of the tests as WebAssembly components.
#
#   scripts/build-plugins.sh [--out DIR] [NAME…]
#
# Every package under plugins/ becomes DIR/plugins/NAME.wasm, every one under tests/guests/
# DIR/guests/NAME.wasm. DIR is $CARGO_TARGET_DIR, or target/. What has not changed since it was last built
# is not built again.
#
# The compiler is the one in use if it has, or can get, the target wasm32-unknown-unknown. Otherwise it is
# Debian's, which builds the standard library for that target from source. MOORED_WASM_TOOLCHAIN=own or
# =debian insists on one.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=wasm32-unknown-unknown
profile=guest
debian_packages=(rustc-web cargo-web rust-web-src lld-19)

target_dir=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$target_dir"
target_dir=$(cd "$target_dir" && pwd)

say() { printf 'plugins: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# --- what to build ---

out=$target_dir
names=()
while (($#)); do
    case $1 in
        --out) (($# > 1)) || die "--out needs a directory"; mkdir -p "$2"; out=$(cd "$2" && pwd); shift 2 ;;
        -h | --help) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        -*) die "unknown option $1; try --help" ;;
        *) names+=("$1"); shift ;;
    esac
done
if ((${#names[@]} == 0)); then
    for manifest in "$root"/plugins/*/Cargo.toml "$root"/tests/guests/*/Cargo.toml; do
        [[ -f $manifest ]] && names+=("$(basename "$(dirname "$manifest")")")
    done
fi

# The folder a package lives in.
folder() {
    if [[ -f $root/plugins/$1/Cargo.toml ]]; then echo "plugins/$1"
    elif [[ -f $root/tests/guests/$1/Cargo.toml ]]; then echo "tests/guests/$1"
    else die "there is no plugins/$1 and no tests/guests/$1"
    fi
}

# Where its component goes.
component() {
    case $(folder "$1") in
        plugins/*) echo "$out/plugins/$1.wasm" ;;
        *) echo "$out/guests/$1.wasm" ;;
    esac
}

# One number for the contents of files and folders.
digest() (
    cd "$root"
    find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64
)

for name in "${names[@]}"; do folder "$name" >/dev/null; done

exec 9>"$target_dir/.plugins.lock"
flock 9

choice=${MOORED_WASM_TOOLCHAIN:-any}
shared=$choice-$(digest sdk/rust sdk/componentize wit Cargo.toml Cargo.lock scripts/build-plugins.sh)
stamps=$out/.plugin-stamps
mkdir -p "$stamps" "$out/plugins" "$out/guests"
stale=()
declare -A stamp
for name in "${names[@]}"; do
    # Taken before the build: what is edited during it is built again the next time.
    stamp[$name]=$shared-$(digest "$(folder "$name")")
    [[ -f $(component "$name") && $(cat "$stamps/$name" 2>/dev/null) == "${stamp[$name]}" ]] || stale+=("$name")
done
if ((${#stale[@]} == 0)); then
    say "${#names[@]} components are up to date in $out"
    exit 0
fi

# --- with what ---

has_target() { [[ -d $(rustc --print sysroot 2>/dev/null)/lib/rustlib/$target/lib ]]; }

# Whether the compiler in use can build for the target; asks rustup for it once.
own_toolchain() {
    command -v cargo >/dev/null && command -v rustc >/dev/null || return 1
    has_target && return 0
    command -v rustup >/dev/null || return 1
    local refused=$target_dir/.rustup-has-no-$target
    [[ ! -e $refused ]] || return 1
    say "asking rustup for $target"
    if timeout 180 rustup target add "$target" >"$refused.log" 2>&1 && has_target; then
        return 0
    fi
    say "rustup could not add it (see $refused.log; remove $refused to try again)"
    touch "$refused"
    return 1
}

debian_is_there() {
    [[ -x /usr/bin/rustc && -x /usr/bin/cargo && -d /usr/lib/rustlib/src/rust/library ]] &&
        command -v wasm-ld-19 >/dev/null
}

debian_toolchain() {
    debian_is_there && return 0
    command -v apt-get >/dev/null || return 1
    if ((EUID != 0)); then
        say "needs a compiler for $target. Either of these gives one:"
        say "    rustup target add $target"
        say "    sudo apt-get install ${debian_packages[*]}"
        return 1
    fi
    say "installing ${debian_packages[*]}"
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install "${debian_packages[@]}"; } >&2
    debian_is_there
}

if [[ $choice != debian ]] && own_toolchain; then
    toolchain=own
elif [[ $choice != own ]] && debian_toolchain; then
    toolchain=debian
else
    die "no compiler for $target"
fi

# --- build ---

packages=()
for name in "${stale[@]}"; do packages+=(-p "$name"); done
build=(build --manifest-path "$root/Cargo.toml" --profile "$profile" --target "$target" "${packages[@]}")
say "compiling ${#stale[@]} of ${#names[@]} for $target ($toolchain toolchain)"
if [[ $toolchain == own ]]; then
    modules=$target_dir/$target/$profile
    cargo "${build[@]}" --target-dir "$target_dir" >&2
else
    # A folder of its own: two compilers in one would undo each other's work. Building the standard
    # library is unstable in cargo, hence the bootstrap switch; the plugins themselves use nothing unstable.
    modules=$target_dir/debian/$target/$profile
    env -u RUSTUP_TOOLCHAIN -u RUSTC_WRAPPER -u RUSTFLAGS \
        RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19 \
        /usr/bin/cargo "${build[@]}" --target-dir "$target_dir/debian" -Z build-std=std,panic_abort >&2
fi

native_cargo=cargo
command -v cargo >/dev/null || native_cargo=/usr/bin/cargo
say "building componentize"
"$native_cargo" build --manifest-path "$root/Cargo.toml" --target-dir "$target_dir" -p componentize >&2

for name in "${stale[@]}"; do
    "$target_dir/debug/componentize" "$modules/${name//-/_}.wasm" "$(component "$name")"
    echo "${stamp[$name]}" >"$stamps/$name"
done
say "${#stale[@]} components built, ${#names[@]} ready in $out"
