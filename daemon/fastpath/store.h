/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * store.h - segments of an inline connection that came before their turn.
 *
 * They are copied, never passed on: receivers resolve overlaps differently, so nothing may reach them out of order.
 * Octets that come twice must be the same both times.
 */
#pragma once

#include "relay.h"

#define PS_STORE_HOLES 32u
#define PS_STORE_CHUNKS 160u /* 64 KiB in whole chunks, and one for each hole */

enum ps_store_result {
    PS_STORE_DIFFERS = 0, /* other octets are kept for the same numbers */
    PS_STORE_FULL,        /* too many holes or octets, or the pool is empty; a part may be kept */
    PS_STORE_KEPT,
};

/* Keeps octets from seq on; seq lies beyond dir->judged. */
enum ps_store_result ps_store_add(struct ps_chunks *chunks, struct ps_relay_dir *dir, uint32_t seq,
                                  const uint8_t *data, uint32_t len);

/* Are those of these octets that are kept too the same? */
bool ps_store_equals(const struct ps_chunks *chunks, const struct ps_relay_dir *dir, uint32_t seq, const uint8_t *data,
                     uint32_t len);

/* Forgets what lies before dir->judged. Octets kept at judged itself: how many, and where; 0: none. They stay until
 * judged has moved on and this is called again. */
uint32_t ps_store_next(struct ps_chunks *chunks, struct ps_relay_dir *dir, const uint8_t **data);

/* Is the octet at dir->judged kept? Where a segment ended the store does not know. */
bool ps_store_goes_on(const struct ps_chunks *chunks, const struct ps_relay_dir *dir);
