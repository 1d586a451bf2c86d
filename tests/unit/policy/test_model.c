/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <stdint.h>
#include <string.h>

#include "unit.h"

START_TEST(test_ps_model_new__nothing_said__empty)
{
    struct ps_model *model = ps_model_new();
    ck_assert_ptr_nonnull(model);
    ck_assert_str_eq(model->site, "");
    ck_assert_uint_eq(model->n_zones + model->n_assets + model->n_conduits + model->n_rules, 0);
    ps_model_free(model);
    ps_model_free(NULL);
}
END_TEST

static bool filled(const unsigned char *memory, size_t size, unsigned char with)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i] != with)
            return false;
    return true;
}

/* Small, large and zero sizes in turn: what was handed out before is neither moved nor shared. */
START_TEST(test_ps_model_alloc__many_sizes__zeroed_aligned_apart)
{
    enum { N = 400 };
    struct ps_model *model = ps_model_new();
    unsigned char *memory[N];
    size_t sizes[N];
    for (size_t i = 0; i < N; i++) {
        sizes[i] = i % 7 == 0 ? 20000 + i * 100 : i * 3;
        memory[i] = ps_model_alloc(model, sizes[i]);
        ck_assert_uint_eq((uintptr_t)memory[i] % 16, 0);
        ck_assert(filled(memory[i], sizes[i], 0));
        memset(memory[i], (int)(i & 0xff), sizes[i]);
    }
    for (size_t i = 0; i < N; i++)
        ck_assert(filled(memory[i], sizes[i], (unsigned char)(i & 0xff)));
    ps_model_free(model);
}
END_TEST

START_TEST(test_ps_model_strdup__text__a_copy)
{
    struct ps_model *model = ps_model_new();
    char text[] = "scada-1";
    const char *copy = ps_model_strdup(model, text);
    text[0] = 'x';
    ck_assert_str_eq(copy, "scada-1");
    ps_model_free(model);
}
END_TEST

START_TEST(test_ps_zone_kind_name__every_kind__its_word)
{
    ck_assert_str_eq(ps_zone_kind_name(PS_ZONE_UNSET), "unset");
    ck_assert_str_eq(ps_zone_kind_name(PS_ZONE_ENTERPRISE), "enterprise");
    ck_assert_str_eq(ps_zone_kind_name(PS_ZONE_TEMPORARY), "temporary");
    ck_assert_str_eq(ps_zone_kind_name(PS_N_ZONE_KINDS), "unset");
    ck_assert_str_eq(ps_mode_name(PS_MODE_MONITOR), "monitor");
    ck_assert_str_eq(ps_on_deny_name(PS_ON_DENY_ANSWER), "answer");
    ck_assert_str_eq(ps_on_failure_name(PS_ON_FAILURE_OPEN), "open");
    ck_assert_str_eq(ps_fragments_name(PS_FRAGMENTS_REASSEMBLE), "reassemble");
    ck_assert_str_eq(ps_segments_name(PS_SEGMENTS_WHOLE), "whole");
    ck_assert_str_eq(ps_midstream_name(PS_MIDSTREAM_RESUME), "resume");
    ck_assert_str_eq(ps_fallback_name(PS_FALLBACK_DENY), "deny");
    ck_assert_str_eq(ps_fallback_name(PS_FALLBACK_QUEUE), "queue");
    ck_assert_str_eq(ps_fr_name(PS_FR_RDF), "RDF");
    ck_assert_str_eq(ps_fr_name(99), "unset");
}
END_TEST

START_TEST(test_ps_protocol_by_name__every_word__reads_back)
{
    static const char *const words[] = {"modbus", "tcp", "udp", "icmp", "ip", "ethernet"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_str_eq(ps_protocol_name(ps_protocol_by_name(words[i])), words[i]);
    ck_assert_uint_eq(ps_protocol_by_name("unset"), PS_PROTOCOL_NONE);
    ck_assert_str_eq(ps_protocol_name(PS_PROTOCOL_NONE), "unset");
}
END_TEST

UNIT_MAIN("policy/model", test_ps_model_new__nothing_said__empty, test_ps_model_alloc__many_sizes__zeroed_aligned_apart,
          test_ps_model_strdup__text__a_copy, test_ps_zone_kind_name__every_kind__its_word,
          test_ps_protocol_by_name__every_word__reads_back)
