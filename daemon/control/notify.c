/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify.h"

#include <systemd/sd-daemon.h>

void ps_notify(const char *state)
{
    sd_notify(0, state);
}
