/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port.h"

#include <stdio.h>
#include <string.h>

#include "port_backend.h"
#include "unit.h"

/* Two backends that note what they are asked; the second has everything. */
struct ps_io {
    int which;
};

static struct ps_io first_io = {1}, second_io = {2};
static int n_sends, n_replaces;

static struct ps_io *open_first(const struct ps_io_config *config, struct ps_diags *diags)
{
    (void)config;
    (void)diags;
    return &first_io;
}

static struct ps_io *open_second(const struct ps_io_config *config, struct ps_diags *diags)
{
    (void)config;
    (void)diags;
    return &second_io;
}

static void send_own(struct ps_io_queue *queue, const uint8_t *data, uint32_t len, uint32_t ports)
{
    (void)queue;
    (void)data;
    (void)len;
    (void)ports;
    n_sends++;
}

static void replace(struct ps_io_queue *queue, uint32_t i, const uint8_t *data, uint32_t len, uint32_t ports)
{
    (void)queue;
    (void)i;
    (void)data;
    (void)len;
    (void)ports;
    n_replaces++;
}

static bool wait_for_packets(struct ps_io_queue *queue, uint64_t ns)
{
    (void)queue;
    (void)ns;
    return true;
}

static bool queue_stats(struct ps_io *io, uint32_t worker, struct ps_io_queue_stats *stats)
{
    (void)io;
    stats->number = (uint16_t)worker;
    return true;
}

static unsigned n_again;

static struct ps_io_queue *enter(struct ps_io *io, uint32_t worker)
{
    (void)io;
    (void)worker;
    return NULL;
}

static void again(struct ps_io *io)
{
    (void)io;
    n_again++;
}

static uint32_t last_carried;

static void carry(struct ps_io_queue *queue, uint32_t i, uint32_t state)
{
    (void)queue;
    last_carried = 100 * i + state;
}

static bool carry_for(struct ps_io *io, uint32_t state, char *err, size_t err_size)
{
    (void)io;
    (void)state;
    snprintf(err, err_size, "no");
    return false;
}

static bool carried(struct ps_io *io, struct ps_io_carried *counts)
{
    (void)io;
    counts->packets = 5;
    return true;
}

const struct ps_io_ops ps_io_dpdk = {.name = "dpdk", .open = open_first, .send = send_own};
const struct ps_io_ops ps_io_nfqueue = {.name = "nfqueue", .open = open_second, .send = send_own, .replace = replace,
                                        .wait = wait_for_packets, .queue_stats = queue_stats, .enter = enter, .again = again,
                                        .carry = carry, .carry_for = carry_for, .carried = carried};

START_TEST(test_ps_io_open__no_name__the_first)
{
    struct ps_diags diags;
    const struct ps_io_config config = {0};
    ps_diags_init(&diags);
    ck_assert_str_eq(ps_io_backend(), "dpdk");
    ck_assert_ptr_eq(ps_io_open(&config, &diags), &first_io);
    ck_assert_str_eq(ps_io_backend(), "dpdk");
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_ps_io_open__a_name__that_one)
{
    struct ps_diags diags;
    const struct ps_io_config config = {.backend = "nfqueue"};
    ps_diags_init(&diags);
    ck_assert_ptr_eq(ps_io_open(&config, &diags), &second_io);
    ck_assert_str_eq(ps_io_backend(), "nfqueue");
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_ps_io_open__not_built__a_finding)
{
    struct ps_diags diags;
    const struct ps_io_config config = {.backend = "nft"};
    ps_diags_init(&diags);
    ck_assert(ps_io_has("dpdk") && ps_io_has("nfqueue") && !ps_io_has("nft"));
    ck_assert_ptr_null(ps_io_open(&config, &diags));
    ck_assert_uint_eq(diags.n, 1);
    ck_assert(strstr(diags.items[0].text, "without nft") != NULL);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_ps_io_replace__backend_without_it__sends)
{
    struct ps_diags diags;
    const struct ps_io_config config = {0};
    struct ps_io_queue_stats stats;
    ps_diags_init(&diags);
    ps_io_open(&config, &diags);
    ps_io_replace(NULL, 0, NULL, 0, 1);
    ck_assert(n_sends == 1 && n_replaces == 0);
    ck_assert(!ps_io_wait(NULL, 1));
    ck_assert(!ps_io_queue_stats(&first_io, 0, &stats));
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_ps_io_replace__backend_with_it__replaces)
{
    struct ps_diags diags;
    const struct ps_io_config config = {.backend = "nfqueue"};
    struct ps_io_queue_stats stats;
    ps_diags_init(&diags);
    ps_io_open(&config, &diags);
    ps_io_replace(NULL, 0, NULL, 0, 1);
    ck_assert(n_sends == 0 && n_replaces == 1);
    ck_assert(ps_io_wait(NULL, 1));
    ck_assert(ps_io_queue_stats(&second_io, 3, &stats) && stats.number == 3);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_ps_io_has_workers__where_nobody_enters__none)
{
    struct ps_diags diags;
    const struct ps_io_config config = {0}, other = {.backend = "nfqueue"};
    ps_diags_init(&diags);
    ck_assert(!ps_io_has_workers());
    ps_io_open(&config, &diags);
    ck_assert(!ps_io_has_workers());
    ps_io_again(&first_io);
    ck_assert_uint_eq(n_again, 0);
    ps_io_open(&other, &diags);
    ck_assert(ps_io_has_workers());
    ps_io_again(&second_io);
    ck_assert_uint_eq(n_again, 1);
    ps_diags_fini(&diags);
}
END_TEST

START_TEST(test_ps_io_carry_for__backend_without_it__nothing_to_do)
{
    struct ps_diags diags;
    const struct ps_io_config config = {0}, other = {.backend = "nfqueue"};
    struct ps_io_carried counts;
    char err[64] = "";
    ps_diags_init(&diags);
    ps_io_open(&config, &diags);
    ps_io_carry(NULL, 0, 7);
    ck_assert(ps_io_carry_for(&first_io, 7, err, sizeof err) && !ps_io_carried(&first_io, &counts));
    ps_io_open(&other, &diags);
    ps_io_carry(NULL, 3, 7);
    ck_assert_uint_eq(last_carried, 307);
    ck_assert(!ps_io_carry_for(&second_io, 7, err, sizeof err) && strcmp(err, "no") == 0);
    ck_assert(ps_io_carried(&second_io, &counts) && counts.packets == 5);
    ps_diags_fini(&diags);
}
END_TEST

UNIT_MAIN("io/port", test_ps_io_open__no_name__the_first, test_ps_io_open__a_name__that_one,
          test_ps_io_open__not_built__a_finding, test_ps_io_replace__backend_without_it__sends,
          test_ps_io_replace__backend_with_it__replaces, test_ps_io_has_workers__where_nobody_enters__none,
          test_ps_io_carry_for__backend_without_it__nothing_to_do)
