/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fanout.h"

#include <linux/if_packet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFRAG ((uint32_t)PACKET_FANOUT_FLAG_DEFRAG << 16) /* in the option: id, then type and flags */

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    uint32_t fanout;
    if (level == SOL_PACKET && name == PACKET_FANOUT && value && len == sizeof fanout) {
        memcpy(&fanout, value, sizeof fanout);
        fanout &= ~DEFRAG;
        value = &fanout;
    }
    return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

bool ps_fanout_reassembles(int fd)
{
    uint32_t fanout = 0;
    socklen_t len = sizeof fanout;
    return getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout, &len) == 0 && (fanout & DEFRAG) != 0;
}
