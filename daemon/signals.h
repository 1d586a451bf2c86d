/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * signals.h - signals are the control thread's: the others block them, but for the one by which they give up their
 * capabilities (control/sandbox_threads.c).
 */
#pragma once

#include <signal.h>

#define PS_SIGNAL_GIVE_UP (SIGRTMAX - 1)

/* Around the start of a thread, which has the mask of its starter. */
static inline void ps_signals_block(sigset_t *before)
{
    sigset_t most;
    sigfillset(&most);
    sigdelset(&most, PS_SIGNAL_GIVE_UP);
    pthread_sigmask(SIG_SETMASK, &most, before);
}

static inline void ps_signals_restore(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
