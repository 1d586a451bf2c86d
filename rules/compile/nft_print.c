/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nft_print.c - a ruleset as the text that `nft -f` reads.
 */
#include <stdlib.h>
#include <string.h>

#include "addr_text.h"
#include "nft_ruleset.h"

#define LINE_LEN 110
#define VALUE_TEXT_MAX 64
#define ELEMENT_TEXT_MAX (2 * PS_NFT_KEYS_MAX * VALUE_TEXT_MAX + 300)

/* ---- values ---------------------------------------------------------------------------------------------------- */

static uint64_t number_of(const uint8_t *value, uint32_t len)
{
    uint64_t number = 0;

    for (uint32_t i = 0; i < len && i < 8; i++)
        number = number << 8 | value[i];
    return number;
}

static struct ps_addr addr_of(const uint8_t *value, unsigned format)
{
    if (format == PS_NFT_ADDR4)
        return ps_addr_from_v4((uint32_t)number_of(value, 4));
    return (struct ps_addr){.hi = number_of(value, 8), .lo = number_of(value + 8, 8)};
}

static void write_hex(const uint8_t *value, uint32_t len, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "0x");

    if (len <= 2) { /* as people write small numbers */
        snprintf(out, size, len == 1 ? "0x%02llx" : "0x%04llx", (unsigned long long)number_of(value, len));
        return;
    }
    for (uint32_t i = 0; i < len && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%02x", value[i]);
}

static void write_protocol(uint64_t number, char *out, size_t size)
{
    const char *name = number == 6 ? "tcp" : number == 17 ? "udp" : number == 1 ? "icmp" : number == 58 ? "ipv6-icmp" : NULL;

    if (name)
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, "%u", (unsigned)number);
}

static void write_ct_state(uint64_t bits, char *out, size_t size)
{
    static const char *const names[] = {"invalid", "established", "related", "new"};
    size_t at = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < 4; i++)
        if (bits >> i & 1)
            at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? "," : "", names[i]);
}

static void write_mac(const uint8_t *value, char *out)
{
    struct ps_mac mac;

    memcpy(mac.b, value, sizeof mac.b);
    ps_mac_format(mac, out);
}

static void write_value(struct ps_nft_key key, const uint8_t *value, char *out, size_t size)
{
    uint32_t len = ps_nft_key_len(key);
    unsigned format = ps_nft_key_kinds[key.id].format;

    switch ((enum ps_nft_format)format) {
    case PS_NFT_NUMBER:
        if (len > 2)
            write_hex(value, len, out, size);
        else
            snprintf(out, size, "%llu", (unsigned long long)number_of(value, len));
        break;
    case PS_NFT_HEX:
        write_hex(value, len, out, size);
        break;
    case PS_NFT_ADDR4:
    case PS_NFT_ADDR6:
        ps_addr_format(addr_of(value, format), out);
        break;
    case PS_NFT_MAC:
        write_mac(value, out);
        break;
    case PS_NFT_IFNAME:
        snprintf(out, size, "\"%.15s\"", (const char *)value);
        break;
    case PS_NFT_IP_PROTO:
        write_protocol(number_of(value, len), out, size);
        break;
    case PS_NFT_CT_STATE_BITS:
        write_ct_state(number_of(value, len), out, size);
        break;
    case PS_NFT_CT_DIRECTION_WORD:
        snprintf(out, size, "%s", value[0] ? "reply" : "original");
        break;
    }
}

/* "8", "8-15", "10.20.1.0/24" */
static void write_range(struct ps_nft_key key, const uint8_t *lo, const uint8_t *hi, char *out, size_t size)
{
    unsigned format = ps_nft_key_kinds[key.id].format;
    char last[VALUE_TEXT_MAX];

    if (memcmp(lo, hi, ps_nft_key_len(key)) == 0) {
        write_value(key, lo, out, size);
    } else if (format == PS_NFT_ADDR4 || format == PS_NFT_ADDR6) {
        ps_net_format(addr_of(lo, format), addr_of(hi, format), out, size);
    } else {
        write_value(key, lo, out, size);
        write_value(key, hi, last, sizeof last);
        snprintf(out + strlen(out), size - strlen(out), "-%s", last);
    }
}

static void write_key(struct ps_nft_key key, char *out, size_t size)
{
    static const char *const headers[] = {
        [PS_NFT_RAW_LL] = "ll", [PS_NFT_RAW_NH] = "nh", [PS_NFT_RAW_TH] = "th", [PS_NFT_RAW_IH] = "ih"};

    if (ps_nft_key_kinds[key.id].text)
        snprintf(out, size, "%s", ps_nft_key_kinds[key.id].text);
    else
        snprintf(out, size, "@%s,%u,%u", headers[key.id], key.bit, key.n_bits);
}

static void print_keys(const struct ps_nft_key *keys, unsigned n_keys, FILE *out)
{
    char text[VALUE_TEXT_MAX];

    for (unsigned i = 0; i < n_keys; i++) {
        write_key(keys[i], text, sizeof text);
        fprintf(out, "%s%s", i > 0 ? " . " : "", text);
    }
}

/* ---- sets ------------------------------------------------------------------------------------------------------ */

static void write_verdict(const struct ps_nft_ruleset *r, struct ps_nft_verdict verdict, char *out, size_t size)
{
    switch ((enum ps_nft_verdict_kind)verdict.kind) {
    case PS_NFT_DROP:
        snprintf(out, size, "drop");
        break;
    case PS_NFT_ACCEPT:
        snprintf(out, size, "accept");
        break;
    case PS_NFT_RETURN:
        snprintf(out, size, "return");
        break;
    case PS_NFT_JUMP:
        snprintf(out, size, "jump %s", r->chains[verdict.chain].name);
        break;
    case PS_NFT_GOTO:
        snprintf(out, size, "goto %s", r->chains[verdict.chain].name);
        break;
    }
}

static void write_element(const struct ps_nft_ruleset *r, const struct ps_nft_set *set, uint32_t i, char *out)
{
    const uint8_t *octets = set->octets + (size_t)i * set->stride;
    size_t at = 0;

    for (unsigned k = 0; k < set->n_keys; k++) {
        at += (size_t)snprintf(out + at, ELEMENT_TEXT_MAX - at, "%s", k > 0 ? " . " : "");
        write_range(set->keys[k], octets, octets + set->stride / 2, out + at, ELEMENT_TEXT_MAX - at);
        at += strlen(out + at);
        octets += ps_nft_key_len(set->keys[k]);
    }
    if (set->is_map) {
        at += (size_t)snprintf(out + at, ELEMENT_TEXT_MAX - at, " : ");
        write_verdict(r, set->verdicts[i], out + at, ELEMENT_TEXT_MAX - at);
    }
}

/* "{ a, b }", with a line break wherever a line would become long; indent: of the lines that follow. */
static void print_elements(const struct ps_nft_ruleset *r, const struct ps_nft_set *set, const char *indent, FILE *out)
{
    char text[ELEMENT_TEXT_MAX];
    size_t column = strlen(indent);

    fputs("{ ", out);
    for (uint32_t i = 0; i < set->n; i++) {
        write_element(r, set, i, text);
        if (i > 0 && !set->local && column + strlen(text) > LINE_LEN) {
            fprintf(out, ",\n%s", indent);
            column = strlen(indent);
        } else if (i > 0) {
            fputs(", ", out);
        }
        fputs(text, out);
        column += strlen(text) + 2;
    }
    fputs(" }", out);
}

static void print_set(const struct ps_nft_ruleset *r, const struct ps_nft_set *set, FILE *out)
{
    fprintf(out, "\n    %s %s {\n        typeof ", set->is_map ? "map" : "set", set->name);
    print_keys(set->keys, set->n_keys, out);
    fputs(set->is_map ? " : verdict\n" : "\n", out);
    if (set->dynamic)
        fprintf(out, "        flags dynamic,timeout\n        timeout %us\n        size %u\n", set->timeout_s,
                set->max_elements);
    else if (set->timeout_s > 0)
        fprintf(out, "        flags timeout\n        timeout %us\n", set->timeout_s);
    else if (set->interval)
        fputs("        flags interval\n", out);
    if (set->n > 0) {
        fputs("        elements = ", out);
        print_elements(r, set, "                     ", out);
        fputc('\n', out);
    }
    fputs("    }\n", out);
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static void print_set_use(const struct ps_nft_ruleset *r, uint32_t index, FILE *out)
{
    const struct ps_nft_set *set = &r->sets[index];

    if (set->local)
        print_elements(r, set, "", out);
    else
        fprintf(out, "@%s", set->name);
}

static void print_mask(const struct ps_nft_expr *expr, FILE *out)
{
    if (expr->has_mask)
        fprintf(out, " & 0x%x", expr->mask);
}

/* `ct state new,established` means that one of these bits is set. */
static void print_match(const struct ps_nft_expr *expr, FILE *out)
{
    char text[VALUE_TEXT_MAX];

    if (expr->keys[0].id == PS_NFT_CT_STATE && expr->has_mask) {
        write_ct_state(expr->mask, text, sizeof text);
        fprintf(out, "ct state %s", text);
        return;
    }
    print_keys(expr->keys, 1, out);
    print_mask(expr, out);
    write_value(expr->keys[0], expr->value, text, sizeof text);
    fprintf(out, "%s %s", expr->invert ? " !=" : expr->has_mask ? " ==" : "", text);
}

static void print_lookup(const struct ps_nft_ruleset *r, const struct ps_nft_expr *expr, FILE *out)
{
    print_keys(expr->keys, expr->n_keys, out);
    print_mask(expr, out);
    fputs(expr->invert ? " != " : expr->has_mask ? " == " : " ", out);
    print_set_use(r, expr->index, out);
}

static void print_expr(const struct ps_nft_ruleset *r, const struct ps_nft_expr *expr, FILE *out)
{
    char text[ELEMENT_TEXT_MAX];

    switch ((enum ps_nft_expr_kind)expr->kind) {
    case PS_NFT_MATCH:
        print_match(expr, out);
        break;
    case PS_NFT_LOOKUP:
        print_lookup(r, expr, out);
        break;
    case PS_NFT_VMAP:
        print_keys(expr->keys, expr->n_keys, out);
        fputs(" vmap ", out);
        print_set_use(r, expr->index, out);
        break;
    case PS_NFT_UPDATE:
    case PS_NFT_DELETE:
        fprintf(out, "%s @%s { ", expr->kind == PS_NFT_UPDATE ? "update" : "delete", r->sets[expr->index].name);
        print_keys(expr->keys, expr->n_keys, out);
        fputs(" }", out);
        break;
    case PS_NFT_COUNT:
        fprintf(out, "counter name %s", r->counters[expr->index].name);
        break;
    case PS_NFT_LIMIT:
        fprintf(out, "limit rate %u/second burst %u packets", expr->index, expr->index);
        break;
    case PS_NFT_LOG:
        fprintf(out, "log prefix \"%s\" group %u", expr->text, r->log_group);
        break;
    case PS_NFT_REJECT:
        fputs("reject with tcp reset", out);
        break;
    case PS_NFT_QUEUE:
        fprintf(out, "queue num %u", expr->index);
        break;
    case PS_NFT_FWD:
        fprintf(out, "fwd to \"%s\"", expr->text);
        break;
    case PS_NFT_VERDICT:
        write_verdict(r, expr->verdict, text, sizeof text);
        fputs(text, out);
        break;
    }
}

static void print_hook(const struct ps_nft_chain *chain, FILE *out)
{
    static const char *const hooks[] = {[PS_NFT_NO_HOOK] = "", [PS_NFT_INGRESS] = "ingress",
                                        [PS_NFT_PREROUTING] = "prerouting", [PS_NFT_FORWARD] = "forward"};

    if (chain->hook == PS_NFT_NO_HOOK)
        return;
    fprintf(out, "        type filter hook %s ", hooks[chain->hook]);
    if (chain->device)
        fprintf(out, "device \"%s\" ", chain->device);
    fprintf(out, "priority %d; policy %s;\n", chain->priority, chain->policy_accept ? "accept" : "drop");
}

static void print_chain(const struct ps_nft_ruleset *r, const struct ps_nft_chain *chain, FILE *out)
{
    fprintf(out, "\n    chain %s {\n", chain->name);
    print_hook(chain, out);
    for (uint32_t i = 0; i < chain->n_rules; i++) {
        fputs("        ", out);
        for (uint32_t k = 0; k < chain->rules[i].n_exprs; k++) {
            if (k > 0)
                fputc(' ', out);
            print_expr(r, &r->exprs[chain->rules[i].first_expr + k], out);
        }
        fputc('\n', out);
    }
    fputs("    }\n", out);
}

bool ps_nft_print(const struct ps_nft_ruleset *r, FILE *out)
{
    const char *family = ps_nft_family_name(r->family);

    fprintf(out, "table %s %s\ndelete table %s %s\ntable %s %s {\n", family, r->table, family, r->table, family, r->table);
    for (uint32_t i = 0; i < r->n_counters; i++)
        fprintf(out, "    counter %s { }\n", r->counters[i].name);
    for (uint32_t i = 0; i < r->n_sets; i++)
        if (!r->sets[i].local)
            print_set(r, &r->sets[i], out);
    for (uint32_t i = 0; i < r->n_chains; i++)
        print_chain(r, &r->chains[i], out);
    fputs("}\n", out);
    return fflush(out) == 0 && !ferror(out);
}
