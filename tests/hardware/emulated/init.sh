#!/bin/busybox sh
# First process of the emulated machine: reach the host's files, read-only, and start what the command line names.
/bin/busybox mkdir -p /proc /sys /dev /host /over
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /modules); do
    /bin/busybox insmod /lib/$module || echo "cannot load $module"
done
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=524288,cache=loose host /host
/bin/busybox mount -t tmpfs tmp /host/tmp
for folder in proc sys dev; do
    /bin/busybox mount --bind /$folder /host/$folder
done
. /job
/bin/busybox chroot /host "$python" "$guest"
echo "guest ended with $?"
/bin/busybox poweroff -f
