/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "addr_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ps_addr addr_from_octets(const unsigned char octets[16])
{
    struct ps_addr addr = {0};
    for (int i = 0; i < 8; i++) {
        addr.hi = addr.hi << 8 | octets[i];
        addr.lo = addr.lo << 8 | octets[i + 8];
    }
    return addr;
}

bool ps_addr_parse(const char *text, struct ps_addr *out)
{
    unsigned char octets[16];
    if (inet_pton(AF_INET, text, octets) == 1) {
        *out = ps_addr_from_v4((uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
                               octets[3]);
        return true;
    }
    if (inet_pton(AF_INET6, text, octets) != 1)
        return false;
    struct ps_addr addr = addr_from_octets(octets);
    if (ps_addr_is_v4(addr))
        return false; /* one address, one way to write it */
    *out = addr;
    return true;
}

void ps_addr_format(struct ps_addr addr, char buf[PS_ADDR_TEXT_MAX])
{
    unsigned char octets[16];
    for (int i = 0; i < 8; i++) {
        octets[i] = (unsigned char)(addr.hi >> (56 - 8 * i));
        octets[i + 8] = (unsigned char)(addr.lo >> (56 - 8 * i));
    }
    bool v4 = ps_addr_is_v4(addr);
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? octets + 12 : octets, buf, PS_ADDR_TEXT_MAX);
}

/* ---- networks -------------------------------------------------------------------------------------------------- */

/* The n low bits of an address set, 0..128. */
static struct ps_addr low_bits(unsigned n)
{
    struct ps_addr mask = {.hi = 0, .lo = 0};
    if (n >= 64)
        mask.lo = UINT64_MAX;
    else
        mask.lo = (UINT64_C(1) << n) - 1;
    if (n >= 128)
        mask.hi = UINT64_MAX;
    else if (n > 64)
        mask.hi = (UINT64_C(1) << (n - 64)) - 1;
    return mask;
}

static bool prefix_parse(const char *digits, unsigned width, unsigned *prefix)
{
    size_t len = strlen(digits);
    if (len == 0 || len > 3 || strspn(digits, "0123456789") != len)
        return false;
    *prefix = (unsigned)strtoul(digits, NULL, 10);
    return *prefix <= width;
}

static bool range_parse(const char *text, const char *dash, struct ps_addr *first, struct ps_addr *last)
{
    char head[PS_ADDR_TEXT_MAX];
    if ((size_t)(dash - text) >= sizeof head)
        return false;
    memcpy(head, text, (size_t)(dash - text));
    head[dash - text] = '\0';
    return ps_addr_parse(head, first) && ps_addr_parse(dash + 1, last) && ps_addr_is_v4(*first) == ps_addr_is_v4(*last);
}

/* IPv4 addresses stand inside ::/64 in our numbering: a block around them would grant both families. */
static bool covers_ipv4(struct ps_addr first, struct ps_addr last)
{
    struct ps_addr v4 = ps_addr_from_v4(0);
    return !ps_addr_is_v4(first) && ps_addr_compare(first, v4) < 0 && ps_addr_compare(last, v4) > 0;
}

static bool net_parse(const char *text, struct ps_addr *first, struct ps_addr *last, char *why, size_t why_size)
{
    const char *slash = strchr(text, '/'), *dash = strchr(text, '-');
    char head[PS_ADDR_TEXT_MAX] = "";
    if (dash && !slash) {
        bool ok = range_parse(text, dash, first, last);
        if (!ok)
            snprintf(why, why_size, "not two addresses of one family; write \"first-last\"");
        else if (ps_addr_compare(*first, *last) > 0)
            snprintf(why, why_size, "the first address is above the last; swap them");
        return ok && ps_addr_compare(*first, *last) <= 0;
    }
    size_t head_len = slash ? (size_t)(slash - text) : strlen(text);
    if (head_len < sizeof head)
        memcpy(head, text, head_len);
    if (!ps_addr_parse(head, first)) {
        snprintf(why, why_size, "not a network; write \"10.20.1.0/24\" or \"fd00:20:1::/64\"");
        return false;
    }
    unsigned width = ps_addr_is_v4(*first) ? 32 : 128, prefix = width;
    if (slash && !prefix_parse(slash + 1, width, &prefix)) {
        snprintf(why, why_size, "prefix is 0 to %u for %s", width, width == 32 ? "IPv4" : "IPv6");
        return false;
    }
    struct ps_addr host = low_bits(width - prefix);
    struct ps_addr base = {.hi = first->hi & ~host.hi, .lo = first->lo & ~host.lo};
    *last = (struct ps_addr){.hi = base.hi | host.hi, .lo = base.lo | host.lo};
    if (ps_addr_equal(base, *first))
        return true;
    ps_addr_format(base, head);
    snprintf(why, why_size, "bits are set behind the prefix; the network is \"%s/%u\", one address is \"%.*s\"", head,
             prefix, (int)head_len, text);
    return false;
}

bool ps_net_parse(const char *text, struct ps_addr *first, struct ps_addr *last, char *why, size_t why_size)
{
    if (!net_parse(text, first, last, why, why_size))
        return false;
    if (!covers_ipv4(*first, *last))
        return true;
    snprintf(why, why_size, "the block holds ::ffff:0:0/96, so all of IPv4 too; write the IPv6 prefix in use");
    return false;
}

void ps_net_format(struct ps_addr first, struct ps_addr last, char *buf, size_t size)
{
    char from[PS_ADDR_TEXT_MAX], to[PS_ADDR_TEXT_MAX];
    unsigned width = ps_addr_is_v4(first) && ps_addr_is_v4(last) ? 32 : 128;
    ps_addr_format(first, from);
    ps_addr_format(last, to);
    for (unsigned n = 0; n <= width; n++) {
        struct ps_addr host = low_bits(n);
        bool aligned = (first.hi & host.hi) == 0 && (first.lo & host.lo) == 0;
        struct ps_addr end = {.hi = first.hi | host.hi, .lo = first.lo | host.lo};
        if (aligned && ps_addr_equal(end, last)) {
            if (n == 0)
                snprintf(buf, size, "%s", from);
            else
                snprintf(buf, size, "%s/%u", from, width - n);
            return;
        }
    }
    snprintf(buf, size, "%s-%s", from, to);
}

/* ---- MAC addresses --------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

bool ps_mac_parse(const char *text, struct ps_mac *out)
{
    struct ps_mac mac;
    if (strlen(text) != 17)
        return false;
    for (int i = 0; i < 6; i++) {
        int high = hex_value(text[3 * i]), low = hex_value(text[3 * i + 1]);
        char separator = text[3 * i + 2];
        if (high < 0 || low < 0)
            return false;
        if (i < 5 && (separator != text[2] || (separator != ':' && separator != '-')))
            return false;
        mac.b[i] = (uint8_t)(high << 4 | low);
    }
    *out = mac;
    return true;
}

void ps_mac_format(struct ps_mac mac, char buf[PS_MAC_TEXT_MAX])
{
    snprintf(buf, PS_MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac.b[0], mac.b[1], mac.b[2], mac.b[3], mac.b[4],
             mac.b[5]);
}
