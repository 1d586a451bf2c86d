/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nft_case.h"
#include "unit.h"

#define TCP_80 "{ name = \"w\"; protocol = \"tcp\"; ports = [80]; }"
#define FILES "{ name = \"f\"; protocol = \"modbus\"; operations = [\"file\"]; }"

/* Two zones with a conduit each way and frames on the first. */
static const char both[] =
    "schema = 1; revision = 1; zones = ( { name = \"a\"; kind = \"control\"; networks = [\"10.1.0.0/24\"]; assets = (\n"
    " { name = \"a1\"; addresses = [\"10.1.0.1\"]; mac = \"02:00:00:00:00:01\"; } ); },\n"
    " { name = \"b\"; kind = \"control\"; networks = [\"10.2.0.0/24\"]; assets = (\n"
    " { name = \"b1\"; addresses = [\"10.2.0.1\"]; mac = \"02:00:00:00:00:02\"; } ); } );\n"
    "conduits = ( { name = \"ab\"; from = \"a\"; to = \"b\"; on_failure = \"closed\"; allow = ( " TCP_80 ",\n"
    "  { name = \"goose\"; protocol = \"ethernet\"; clients = [\"a1\"]; servers = [\"b1\"]; ethertypes = [0x88b8]; } ); },\n"
    " { name = \"ba\"; from = \"b\"; to = \"a\"; on_failure = \"open\"; allow = ( { name = \"x\"; protocol = \"tcp\"; ports = [81]; } ); } );\n"
    "gateways = ( { name = \"g\"; ports = ( { name = \"l\"; zones = [\"a\"]; }, { name = \"r\"; zones = [\"b\"]; } ); } );\n";

static bool is_in(const void *ctx, uint32_t conduit)
{
    return *(const uint32_t *)ctx >> conduit & 1;
}

static uint8_t all_monitor(const void *ctx, uint32_t conduit)
{
    (void)ctx;
    (void)conduit;
    return PS_MODE_MONITOR;
}

static void teardown(void)
{
    nft_case_options = (struct ps_nft_options){0};
}

START_TEST(test_ps_nft_is_closed__a_conduit__passes_nothing_and_says_why)
{
    static const uint32_t first = 1;
    nft_case_options = (struct ps_nft_options){.is_closed = is_in, .ctx = &first};
    const char *whole = nft_case(PS_NFT_BUMP, "", TCP_80);

    nft_has(nft_block(whole, "chain refuse/c"), "counter name refuse/c/island");
    nft_has_not(nft_block(whole, "chain ask4/c"), "pass");
    nft_has(nft_block(whole, "chain ask4/c"), "goto refuse/c");
    nft_has(nft_block(whole, "chain reply4/c"), "goto refuse/c");
    nft_has_not(nft_block(whole, "chain reply4/c"), "pass");
    nft_has(nft_block(whole, "map arp-to/a"), "10.2.0.0/24 : goto drop/island"); /* nor do they find each other */
    teardown();
}
END_TEST

START_TEST(test_ps_nft_is_closed__one_direction__the_other_goes_on)
{
    static const uint32_t first = 1;
    nft_case_options = (struct ps_nft_options){.is_closed = is_in, .ctx = &first};
    const char *whole = nft_case_plant(PS_NFT_BUMP, both);

    nft_has(nft_block(whole, "chain ask4/ab"), "jump reply4/ba");
    nft_has(nft_block(whole, "chain ask4/ba"), "counter name pass/ba/x goto pass");
    nft_has_not(nft_block(whole, "chain reply4/ab"), "goto");
    nft_has_not(whole, "set frames/l");
    nft_has_not(nft_block(whole, "map arp-to/a"), "island");
    teardown();
}
END_TEST

START_TEST(test_ps_nft_is_monitored__by_hand__refusals_pass_unless_it_is_closed)
{
    static const uint32_t first = 1;
    nft_case_options = (struct ps_nft_options){.mode = all_monitor};

    nft_has(nft_block(nft_case(PS_NFT_BUMP, "", TCP_80), "chain refuse/c"), "\n        goto pass");
    nft_case_options = (struct ps_nft_options){.mode = all_monitor, .is_closed = is_in, .ctx = &first};
    nft_has_not(nft_block(nft_case(PS_NFT_BUMP, "", TCP_80), "chain refuse/c"), "goto pass");
    nft_has_not(nft_block(nft_case(PS_NFT_BUMP, "", TCP_80), "chain reply4/c"), "goto pass");
    teardown();
}
END_TEST

START_TEST(test_ps_nft_is_gated__dead_man__closed_conduits_ask_first)
{
    nft_case_options = (struct ps_nft_options){.dead_man_s = 20};
    const char *whole = nft_case_plant(PS_NFT_BUMP, both);

    nft_has(nft_block(whole, "set alive"), "typeof iifname\n        flags timeout\n        timeout 20s\n"
                                           "        elements = { \"eth0\", \"eth1\" }");
    nft_has(nft_block(whole, "chain ask4/ab"), "{\n        iifname != @alive goto alone4/ab\n");
    nft_has(nft_block(whole, "chain alone4/ab"), "{\n        jump reply4/ba\n        drop"); /* answers of the open one */
    nft_has(nft_block(whole, "chain reply4/ab"), "{\n        iifname != @alive drop\n");
    nft_has_not(nft_block(whole, "chain ask4/ba"), "@alive"); /* on_failure = "open" */
    nft_has(nft_block(whole, "chain in/l"), "iifname @alive ether saddr . ether daddr . meta protocol @frames-alive/l");
    nft_has_not(whole, "set frames/l");
    nft_has(nft_block(nft_case(PS_NFT_BUMP, "", TCP_80), "chain ask4/c"), "{\n        iifname != @alive drop\n");
    teardown();
    nft_has_not(nft_case_plant(PS_NFT_BUMP, both), "alive");
}
END_TEST

START_TEST(test_ps_nft_compile__nobody_reads_the_queue__is_refused)
{
    nft_case_options = (struct ps_nft_options){.no_queue = true};
    const char *whole = nft_case(PS_NFT_ROUTED, "fallback = \"queue\";", FILES);

    nft_has_not(whole, "queue num");
    nft_has_not(whole, "queue to");
    nft_has(nft_case_notes(), "; nobody reads a queue here\n");
    teardown();
}
END_TEST

START_TEST(test_ps_nft_deny__each_shape__drops_and_counts)
{
    static const char *const devices[] = {"eth0", "eth1"};
    static const char *const hooks[] = {"hook ingress device \"eth1\" priority 0; policy drop;", "hook forward priority 0; policy drop;",
                                        "hook forward priority 0; policy drop;"};

    for (unsigned shape = 0; shape < PS_NFT_N_SHAPES; shape++) {
        const struct ps_nft_options options = {.shape = (uint8_t)shape, .devices = devices};
        struct ps_nft nft;
        char *text;
        size_t size;

        ps_nft_deny(&options, 2, &nft);
        FILE *out = open_memstream(&text, &size);
        ck_assert(ps_nft_print(&nft.ruleset, out));
        fclose(out);
        ck_assert_uint_eq(nft.ruleset.family, ps_nft_shape_family(shape));
        ck_assert_uint_eq(nft.ruleset.n_chains, shape == PS_NFT_BUMP ? 2 : 1);
        nft_has(text, hooks[shape]);
        nft_has(text, "counter name drop/no-policy");
        nft_has_not(text, "accept");
        free(text);
        ps_nft_fini(&nft);
    }
}
END_TEST

UNIT_MAIN("compile/nft_state", test_ps_nft_is_closed__a_conduit__passes_nothing_and_says_why,
          test_ps_nft_is_closed__one_direction__the_other_goes_on,
          test_ps_nft_is_monitored__by_hand__refusals_pass_unless_it_is_closed,
          test_ps_nft_is_gated__dead_man__closed_conduits_ask_first,
          test_ps_nft_compile__nobody_reads_the_queue__is_refused, test_ps_nft_deny__each_shape__drops_and_counts)
