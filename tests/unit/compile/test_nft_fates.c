/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "nft.h"
#include "unit.h"

START_TEST(test_ps_nft_fate_of__notes_of_a_rule__what_becomes_of_it_as_a_whole)
{
    static const struct {
        uint8_t kinds[3];
        uint32_t n;
        const char *fate;
    } rows[] = {
        {{PS_NFT_EXACT}, 1, "exact"},
        {{PS_NFT_OCTETS}, 1, "octets"},
        {{PS_NFT_EXACT, PS_NFT_OCTETS}, 2, "octets"},
        {{PS_NFT_EXACT, PS_NFT_OCTETS, PS_NFT_REFUSES}, 3, "part"},
        {{PS_NFT_REFUSES, PS_NFT_UNSEEN}, 2, "refused"},
        {{PS_NFT_OPENS, PS_NFT_OPENS}, 2, "open"},
        {{PS_NFT_QUEUES}, 1, "queued"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ps_nft_note notes[3] = {{0}};

        for (uint32_t k = 0; k < rows[i].n; k++)
            notes[k].kind = rows[i].kinds[k];
        ck_assert_str_eq(ps_nft_fate_name(ps_nft_fate_of(notes, rows[i].n)), rows[i].fate);
    }
    ck_assert_str_eq(ps_nft_fate_name(PS_NFT_N_FATES), "-");
}
END_TEST

START_TEST(test_ps_nft_count_fates__rules_and_others__rules_once_each)
{
    struct ps_nft_note notes[] = {
        {.kind = PS_NFT_UNSEEN, .conduit = 0, .rule = PS_NONE}, {.kind = PS_NFT_EXACT, .conduit = 0, .rule = 0},
        {.kind = PS_NFT_REFUSES, .conduit = 0, .rule = 0},      {.kind = PS_NFT_EXACT, .conduit = 0, .rule = 1},
        {.kind = PS_NFT_UNSEEN, .conduit = PS_NONE, .rule = PS_NONE}, {.kind = PS_NFT_REFUSES, .conduit = PS_NONE, .rule = PS_NONE},
    };
    const struct ps_nft nft = {.notes = notes, .n_notes = 6};
    uint32_t counts[PS_NFT_N_FATES];

    ck_assert_uint_eq(ps_nft_same_subject(&nft, 0), 1);
    ck_assert_uint_eq(ps_nft_same_subject(&nft, 1), 2);
    ck_assert_uint_eq(ps_nft_same_subject(&nft, 4), 2);
    ps_nft_count_fates(&nft, counts);
    ck_assert_uint_eq(counts[PS_NFT_FATE_PART], 1);
    ck_assert_uint_eq(counts[PS_NFT_FATE_EXACT], 1);
    ck_assert_uint_eq(counts[PS_NFT_FATE_REFUSED], 0);
    ck_assert_uint_eq(ps_nft_count_notes(&nft, PS_NFT_UNSEEN), 2);
    ck_assert_uint_eq(ps_nft_count_notes(&nft, PS_NFT_REFUSES), 1); /* the rule's is in its fate */
}
END_TEST

UNIT_MAIN("compile/nft_fates", test_ps_nft_fate_of__notes_of_a_rule__what_becomes_of_it_as_a_whole,
          test_ps_nft_count_fates__rules_and_others__rules_once_each)
