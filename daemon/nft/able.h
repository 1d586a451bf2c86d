/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * able.h - can this kernel, and may this process, do what penstockd asks of nf_tables? Each question puts a table in place and
 * takes it away again in one transaction, so that nothing has changed.
 *
 * able_none.c stands in where libnftnl is not there: the answer is no.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Chains in front of a netdev, both ways: for the guard. false and a sentence in err. */
bool ps_able_guard(char *err, size_t err_size);

/* Rules that bring packets to a queue, and queues. */
bool ps_able_queue(char *err, size_t err_size);

/* Rules of our own at all. */
bool ps_able_rules(char *err, size_t err_size);
