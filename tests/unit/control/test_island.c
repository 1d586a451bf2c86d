/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "island.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon_rig.h"
#include "decode.h"
#include "unit.h"

static struct daemon_rig r;

static void begin(void)
{
    daemon_rig_init(&r);
    daemon_rig_publish(&r, NULL);
    daemon_rig_settle(&r);
}

/* It is answered, once every worker obeys. */
static void ask(const char *members)
{
    daemon_rig_ask(&r, members, true);
    ck_assert_msg(r.refusal[0] == '\0', "%s", r.refusal);
    ck_assert_uint_eq(r.n_replies, 0);
    ps_island_step(&r.daemon);
    ck_assert_uint_eq(r.n_replies, 0);
    daemon_rig_settle(&r);
    ps_island_step(&r.daemon);
    ck_assert_uint_eq(r.n_replies, 1);
    ck_assert_uint_eq(r.client, 7);
}

/* It is so already: answered at once. */
static void ask_for_nothing(const char *members)
{
    daemon_rig_ask(&r, members, true);
    ps_island_step(&r.daemon);
    ck_assert_msg(r.n_replies == 1 && r.refusal[0] == '\0', "%s", r.refusal);
}

static void refused(const char *members, const char *why)
{
    daemon_rig_ask(&r, members, true);
    ck_assert_msg(strstr(r.refusal, why) != NULL, "%s: %s", members, r.refusal);
}

static enum ps_reason syn(uint32_t from, uint32_t to)
{
    static uint16_t port = 40000;
    struct talk t = talk_between(&r.packets, from, to, 502);
    t.port[0] = port++;
    r.packets.port = from == HMI ? 0 : 1;
    return talk_at(&t, PS_TO_SERVER, 0, PS_TCP_SYN, "").reason;
}

static bool is_remembered(void)
{
    return faccessat(r.daemon.state.dir_fd, PS_STATEDIR_ISLAND, F_OK, 0) == 0;
}

START_TEST(test_ps_island_set__all__closed_when_it_is_answered_and_open_again)
{
    begin();
    ask("\"verb\":\"island\",\"on\":true");
    ck_assert_str_eq(daemon_rig_said(&r, "island"), "{\"all\":true,\"zones\":[],\"conduits\":[]}");
    ck_assert_str_ne(daemon_rig_said(&r, "in_force_ms"), "");
    ck_assert_uint_eq(syn(HMI, PLC), PS_REASON_ISLAND);
    ck_assert(ps_island_is_on(&r.daemon.island) && is_remembered());
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "did")), "island on");
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "who")), "otto");
    ck_assert(json_is_false(json_object_get(json_object_get(r.told, "before"), "all")));
    ck_assert(json_is_true(json_object_get(json_object_get(r.told, "after"), "all")));
    ask("\"verb\":\"island\",\"on\":false");
    ck_assert_uint_eq(syn(HMI, PLC), PS_REASON_NONE);
    ck_assert(!ps_island_is_on(&r.daemon.island) && !is_remembered());
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_island_set__zones_and_conduits__those_alone_and_once)
{
    begin();
    ask("\"verb\":\"island\",\"on\":true,\"zone\":\"ops\"");
    ask_for_nothing("\"verb\":\"island\",\"on\":true,\"zone\":\"ops\"");
    ck_assert_str_eq(daemon_rig_said(&r, "island.zones"), "[\"ops\"]");
    ck_assert_uint_eq(syn(HMI, PLC), PS_REASON_ISLAND);
    ck_assert(!ps_policy_slot_is_closed(r.daemon.policies.current->slots[1], 1));
    ask("\"verb\":\"island\",\"on\":true,\"conduit\":\"watched\"");
    ck_assert(ps_policy_slot_is_closed(r.daemon.policies.current->slots[1], 1));
    ask("\"verb\":\"island\",\"on\":false,\"zone\":\"ops\"");
    ck_assert_str_eq(daemon_rig_said(&r, "island"), "{\"all\":false,\"zones\":[],\"conduits\":[\"watched\"]}");
    ck_assert_uint_eq(syn(HMI, PLC), PS_REASON_NONE);
    ck_assert(ps_policy_slot_is_closed(r.daemon.policies.current->slots[0], 1));
    ask("\"verb\":\"island\",\"on\":true,\"zone\":\"ctl\""); /* where a conduit ends */
    ck_assert(ps_policy_slot_is_closed(r.daemon.policies.current->slots[0], 0));
    ask("\"verb\":\"island\",\"on\":false"); /* all of it */
    ck_assert_str_eq(daemon_rig_said(&r, "island"), "{\"all\":false,\"zones\":[],\"conduits\":[]}");
    ck_assert(!ps_policy_slot_is_closed(r.daemon.policies.current->slots[0], 0));
    ck_assert(!ps_policy_slot_is_closed(r.daemon.policies.current->slots[0], 1));
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_island_set__unknown_or_not_now__a_sentence)
{
    begin();
    refused("\"verb\":\"island\",\"on\":true,\"zone\":\"x\"", "there is no zone \"x\" in the policy in force");
    refused("\"verb\":\"island\",\"on\":true,\"conduit\":\"x\"", "there is no conduit \"x\" in the policy in force; penstock conduits lists them");
    ck_assert(!ps_island_is_on(&r.daemon.island));
    ask_for_nothing("\"verb\":\"island\",\"on\":false,\"zone\":\"x\""); /* what it was called before */
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":true", true);
    refused("\"verb\":\"island\",\"on\":false", "another change is under way; try again");
    refused("\"verb\":\"mode\",\"conduit\":\"main\",\"mode\":\"monitor\"", "another change is under way; try again");
    ck_assert(r.daemon.island.all);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_island_set__no_policy__all_is_remembered_for_the_next_one)
{
    daemon_rig_init(&r);
    refused("\"verb\":\"island\",\"on\":true,\"zone\":\"ops\"", "no policy is in force that names it");
    refused("\"verb\":\"mode\",\"conduit\":\"main\",\"mode\":\"monitor\"", "");
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":true", true);
    ps_island_step(&r.daemon);
    ck_assert_uint_eq(r.n_replies, 1);
    daemon_rig_publish(&r, NULL);
    ck_assert_uint_eq(syn(HMI, PLC), PS_REASON_ISLAND);
    daemon_rig_fini(&r);
}
END_TEST

/* Closing comes first. */
START_TEST(test_ps_island_set__nothing_can_be_written__closed_and_the_answer_says_so)
{
    begin();
    ck_assert_int_eq(rmdir(r.folder), 0);
    daemon_rig_ask(&r, "\"verb\":\"island\",\"on\":true", true);
    ck_assert_msg(strncmp(r.refusal, "done, but a restart undoes it: cannot ", 38) == 0, "%s", r.refusal);
    ck_assert_uint_eq(syn(HMI, PLC), PS_REASON_ISLAND);
    daemon_rig_fini(&r);
}
END_TEST

static void start_again(void)
{
    ps_island_fini(&r.daemon.island);
    ps_island_init(&r.daemon);
}

START_TEST(test_ps_island_init__what_was_closed__closed_again_by_name)
{
    begin();
    ask("\"verb\":\"island\",\"on\":true,\"zone\":\"ops\"");
    start_again();
    ck_assert(json_array_size(r.daemon.island.zones) == 1 && !r.daemon.island.all);
    daemon_rig_publish(&r, NULL);
    daemon_rig_settle(&r);
    ck_assert_uint_eq(syn(HMI, PLC), PS_REASON_ISLAND);
    ask("\"verb\":\"island\",\"on\":false");
    start_again();
    ck_assert(!ps_island_is_on(&r.daemon.island));
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_island_init__what_cannot_be_read__closes_everything)
{
    static const char *const texts[] = {"", "{", "[]", "{\"all\":false,\"zones\":[]}", "{\"all\":1,\"zones\":[],\"conduits\":[]}",
                                        "{\"all\":false,\"zones\":[7],\"conduits\":[]}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ps_error err = {""};
        begin();
        ck_assert(ps_statedir_put(&r.daemon.state, PS_STATEDIR_ISLAND, texts[i], strlen(texts[i]), &err));
        start_again();
        ck_assert_msg(r.daemon.island.all, "%s", texts[i]);
        ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(r.told, "error")), "penstock island off opens"));
        daemon_rig_fini(&r);
    }
}
END_TEST

START_TEST(test_ps_island_set_mode__each__until_it_is_what_the_plant_says)
{
    begin();
    ask("\"verb\":\"mode\",\"conduit\":\"main\",\"mode\":\"monitor\"");
    ck_assert_str_eq(daemon_rig_said(&r, "modes"), "{\"main\":\"monitor\"}");
    ck_assert_uint_eq(ps_policy_slot_mode(r.daemon.policies.current->slots[1], 0), PS_MODE_MONITOR);
    daemon_rig_publish(&r, NULL); /* outlives a reload */
    ck_assert_uint_eq(ps_policy_slot_mode(r.daemon.policies.current->slots[1], 0), PS_MODE_MONITOR);
    daemon_rig_settle(&r);
    ask("\"verb\":\"mode\",\"conduit\":\"watched\",\"mode\":\"enforce\"");
    ck_assert_uint_eq(ps_policy_slot_mode(r.daemon.policies.current->slots[0], 1), PS_MODE_ENFORCE);
    ask("\"verb\":\"mode\",\"conduit\":\"main\",\"mode\":\"plant\"");
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "before")), "monitor");
    ck_assert_str_eq(json_string_value(json_object_get(r.told, "after")), "plant");
    ask("\"verb\":\"mode\",\"conduit\":\"watched\",\"mode\":\"plant\"");
    ck_assert_str_eq(daemon_rig_said(&r, "modes"), "{}");
    ck_assert_uint_eq(ps_policy_slot_mode(r.daemon.policies.current->slots[0], 0), PS_MODE_ENFORCE);
    ck_assert_uint_eq(ps_policy_slot_mode(r.daemon.policies.current->slots[0], 1), PS_MODE_MONITOR);
    refused("\"verb\":\"mode\",\"conduit\":\"main\",\"mode\":\"off\"", "a mode is enforce, monitor or plant");
    refused("\"verb\":\"mode\",\"conduit\":\"x\",\"mode\":\"monitor\"", "there is no conduit \"x\"");
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/island", test_ps_island_set__all__closed_when_it_is_answered_and_open_again,
          test_ps_island_set__zones_and_conduits__those_alone_and_once,
          test_ps_island_set__unknown_or_not_now__a_sentence,
          test_ps_island_set__no_policy__all_is_remembered_for_the_next_one,
          test_ps_island_set__nothing_can_be_written__closed_and_the_answer_says_so,
          test_ps_island_init__what_was_closed__closed_again_by_name,
          test_ps_island_init__what_cannot_be_read__closes_everything,
          test_ps_island_set_mode__each__until_it_is_what_the_plant_says)
