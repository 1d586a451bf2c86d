/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * station.c - an association as text: master and outstation, whoever of the two speaks.
 *
 *     3 -> 17      blanks may be left out
 *     3 -> 1-20    several outstations of one master
 *
 * Code: master << 16 | outstation.
 */
#include "dn.h"

static void skip_blanks(struct ps_str *text)
{
    while (ps_str_char(text, ' '))
        continue;
}

bool dn_station_parse(struct ps_str text, struct ps_range *out)
{
    uint32_t master, first, last;
    skip_blanks(&text);
    if (!ps_str_u32(&text, UINT16_MAX, &master))
        return false;
    skip_blanks(&text);
    if (!ps_str_word(&text, "->"))
        return false;
    skip_blanks(&text);
    if (!ps_str_range(&text, UINT16_MAX, &first, &last))
        return false;
    skip_blanks(&text);
    *out = (struct ps_range){DN_STATION(master, first), DN_STATION(master, last)};
    return text.len == 0;
}

/* Ranges are of one master, as they are parsed; any other one is written from its first to its last. */
void dn_station_format(struct ps_range range, struct ps_txt *out)
{
    ps_txt_u64(out, range.first >> 16);
    ps_txt_str(out, " -> ");
    if (range.first >> 16 == range.last >> 16) {
        ps_txt_range(out, range.first & 0xffff, range.last & 0xffff);
        return;
    }
    ps_txt_u64(out, range.first & 0xffff);
    ps_txt_char(out, '-');
    dn_station_format((struct ps_range){range.last, range.last}, out);
}
