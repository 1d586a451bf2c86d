/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * station.c - whom a connection calls, as text: kind of connection, rack and slot, out of the called TSAP.
 *
 *     0.2        rack 0, slot 2, any kind of connection
 *     pg:0.2     from an engineering station; op: from an operator panel, basic: from anything else
 *     0.2-0.4    several slots of a rack
 *     tsap:0x4d57  a called TSAP outside that scheme (LOGO!, S7-200)
 *     unknown    the connect request was not seen
 *
 * Code: low octet of the TSAP (rack 3 bits, slot 5) << 8 | high octet (kind). So a range of codes is one of slots, with
 * any kind; one kind of several slots cannot be said.
 */
#include "s7.h"

#define SLOTS 32u
#define RACKS 8u
#define KIND_MAX 0xffu

static const struct {
    const char *name;
    uint8_t code; /* high octet */
} kinds[] = {{"pg", 1}, {"op", 2}, {"basic", 3}};

#define N_KINDS (sizeof kinds / sizeof kinds[0])

/* RACK.SLOT as the low octet of a TSAP. */
static bool parse_slot(struct ps_str *text, uint32_t *low)
{
    uint32_t rack, slot;
    if (!ps_str_u32(text, RACKS - 1, &rack) || !ps_str_char(text, '.') || !ps_str_u32(text, SLOTS - 1, &slot))
        return false;
    *low = rack * SLOTS + slot;
    return true;
}

static bool parse_kind(struct ps_str *text, uint32_t *kind)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        struct ps_str rest = *text;
        if (ps_str_word(&rest, kinds[i].name) && ps_str_char(&rest, ':')) {
            *kind = kinds[i].code;
            *text = rest;
            return true;
        }
    }
    return false;
}

static bool single(uint32_t code, struct ps_range *out)
{
    *out = (struct ps_range){code, code};
    return true;
}

bool s7_station_parse(struct ps_str text, struct ps_range *out)
{
    uint32_t kind, first, last, tsap;
    if (ps_str_equal(text, "unknown"))
        return single(S7_STATION_UNKNOWN, out);
    if (ps_str_word(&text, "tsap:")) {
        bool hex = text.len > 2 && text.s[0] == '0' && (text.s[1] | 32) == 'x';
        return hex && ps_str_u32(&text, 0xffff, &tsap) && text.len == 0 && single((tsap & 0xff) << 8 | tsap >> 8, out);
    }
    bool of_kind = parse_kind(&text, &kind);
    if (!parse_slot(&text, &first))
        return false;
    if (of_kind)
        return text.len == 0 && single(first << 8 | kind, out);
    last = first;
    if (ps_str_char(&text, '-') && (!parse_slot(&text, &last) || last < first))
        return false;
    *out = (struct ps_range){first << 8, last << 8 | KIND_MAX};
    return text.len == 0;
}

static void format_slot(uint32_t low, struct ps_txt *out)
{
    ps_txt_u64(out, low / SLOTS);
    ps_txt_char(out, '.');
    ps_txt_u64(out, low % SLOTS);
}

static void format_single(uint32_t code, struct ps_txt *out)
{
    uint32_t low = code >> 8, kind = code & KIND_MAX;
    if (code >= S7_STATION_UNKNOWN) {
        ps_txt_str(out, "unknown");
        return;
    }
    for (size_t i = 0; i < N_KINDS; i++) {
        if (kinds[i].code != kind)
            continue;
        ps_txt_str(out, kinds[i].name);
        ps_txt_char(out, ':');
        format_slot(low, out);
        return;
    }
    ps_txt_str(out, "tsap:0x");
    ps_txt_hex(out, kind << 8 | low, 4);
}

/* Ranges are whole slots, as they are parsed. */
void s7_station_format(struct ps_range range, struct ps_txt *out)
{
    if (range.first == range.last) {
        format_single(range.first, out);
        return;
    }
    format_slot(range.first >> 8, out);
    if (range.first >> 8 == range.last >> 8)
        return;
    ps_txt_char(out, '-');
    format_slot(range.last >> 8, out);
}
