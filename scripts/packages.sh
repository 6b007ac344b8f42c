# The Debian 12 packages that each purpose needs, and how to have them. Sourced
# by ./demo and ./test; defines need_packages and does nothing by itself.

packages_build="gcc libc6-dev meson ninja-build pkg-config libssl-dev
	libevent-dev libjansson-dev libcurl4-openssl-dev libsqlite3-dev
	libp11-kit-dev libseccomp-dev libsystemd-dev libinih-dev libcmocka-dev
	libtss2-dev"
packages_demo="$packages_build nginx-light libengine-pkcs11-openssl openssl
	curl procps"
packages_test="$packages_demo swtpm swtpm-tools tpm2-tools softhsm2 python3 python3-jwcrypto
	python3-pykmip opensc openssh-client
	openssh-server mandoc clang libclang-rt-14-dev iproute2 util-linux strace
	qemu-system-x86 ovmf postgresql"
# Of a guest: fetched and unpacked by a test, not installed (29 MB).
packages_guest="linux-image-cloud-amd64 shim-signed grub-efi-amd64-signed
	busybox-static"
packages_root="mmdebstrap systemd-container"

# install_packages AS_ROOT NAME...: what is installed starts no server of its own
# meanwhile (nginx and PostgreSQL would): tests and demonstrations start theirs.
install_packages() (
	as_root=$1
	shift
	guard=/usr/sbin/policy-rc.d
	if [ ! -e $guard ]; then
		trap '$as_root rm -f $guard' EXIT
		trap 'exit 1' INT TERM
		printf '#!/bin/sh\nexit 101\n' | $as_root tee $guard >/dev/null &&
			$as_root chmod 755 $guard || exit 1
	fi
	$as_root apt-get update -q &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install \
			-y -q --no-install-recommends "$@"
)

# need_packages NAME...: installs those that are missing, as root or by sudo.
need_packages() {
	missing=
	for p in "$@"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null |
			grep -q 'ok installed' || missing="$missing $p"
	done
	[ -z "$missing" ] && return 0
	echo "installing:$missing"
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || {
			echo "not root and no sudo: please install:$missing" >&2
			return 1
		}
		as_root=sudo
	fi
	log=$(mktemp)
	# shellcheck disable=SC2086
	if ! install_packages "$as_root" $missing >"$log" 2>&1; then
		tail -20 "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}
