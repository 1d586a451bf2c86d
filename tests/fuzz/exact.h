/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * exact.h - what fuzzers of dissectors hold on to: promises, and octets that end where their memory ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void check(bool held)
{
    if (!held)
        abort();
}

/* For free(). AddressSanitizer sees an octet too many. */
static inline uint8_t *copy(const uint8_t *octets, uint32_t n)
{
    uint8_t *exact = malloc(n ? n : 1);
    check(exact != NULL);
    memcpy(exact, octets, n);
    return exact;
}
