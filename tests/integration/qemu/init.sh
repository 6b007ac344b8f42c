#!/bin/sh
# First and only program of the guest: prepares what an initramfs of a machine
# prepares, then runs the lines that come from the test, one after the other.
# There is no /dev/shm, no name service and no init system.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc -o hidepid=2 proc /proc
mount -t sysfs sys /sys
mount -t securityfs security /sys/kernel/security
for module in $(cat /lib/modules/order); do
	insmod "/lib/modules/$module" || echo "cannot load $module" >/dev/console
done
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up

stty -F /dev/ttyS1 raw -echo
stty -F /dev/ttyS2 raw -echo
exec </dev/ttyS1 >/dev/ttyS1 2>&1
echo "@ready"
# A serial line may lose characters while the machine is busy: each line has its
# length in front, and what does not fit is asked for again.
while read -r length line; do
	if [ "${#line}" != "$length" ]; then
		echo "@again"
		continue
	fi
	eval "$line"
	echo "@done $?"
done
poweroff -f
