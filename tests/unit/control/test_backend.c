/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend.h"

#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "unit.h"

#define NETDEVS "gateway = \"g\"; ports: { a = \"eth1\"; b = \"eth2\"; };\n"
#define CARDS "gateway = \"g\"; ports: { a = \"0000:03:00.0\"; b = \"0000:03:00.1\"; };\n"

/* A host that a test describes. */
static struct {
    const char *not_built, *no_netdev, *driver;
    bool no_card, no_capture, no_guard, no_queue, no_bridge, no_judge, routes;
    unsigned n_asked;
} host;

static bool say(bool good, const char *text, char *err, size_t err_size)
{
    host.n_asked++;
    if (!good)
        snprintf(err, err_size, "%s", text);
    return good;
}

static bool is_built(const char *name)
{
    return !host.not_built || strcmp(host.not_built, name) != 0;
}

static bool has_netdev(const char *name)
{
    return !host.no_netdev || strcmp(host.no_netdev, name) != 0;
}

static bool pci_driver(const char *address, char driver[32])
{
    (void)address;
    snprintf(driver, 32, "%s", host.driver);
    return !host.no_card;
}

static bool can_capture(char *err, size_t err_size)
{
    return say(!host.no_capture, "no sockets", err, err_size);
}

static bool can_guard(char *err, size_t err_size)
{
    return say(!host.no_guard, "no guard", err, err_size);
}

static bool can_queue(char *err, size_t err_size)
{
    return say(!host.no_queue, "no queues", err, err_size);
}

static bool bridge_asks(const char *netdev, char *err, size_t err_size)
{
    (void)netdev;
    return say(!host.no_bridge, "does not ask", err, err_size);
}

static bool can_judge(const struct ps_config *config, char *err, size_t err_size)
{
    (void)config;
    return say(!host.no_judge, "no shape", err, err_size);
}

static bool is_wire(const struct ps_config *config, char *err, size_t err_size)
{
    (void)config;
    return say(!host.routes, "routes", err, err_size);
}

static const struct ps_backend_host fake = {
    .is_built = is_built, .has_netdev = has_netdev, .pci_driver = pci_driver, .can_capture = can_capture, .can_guard = can_guard,
    .is_wire = is_wire, .can_queue = can_queue, .bridge_asks = bridge_asks, .can_judge = can_judge,
};
static struct ps_config config;
static struct ps_backend backend;
static struct ps_diags diags;

static void clear(void)
{
    memset(&host, 0, sizeof host);
    host.driver = "vfio-pci";
}

static void choose(const char *text)
{
    ps_diags_init(&diags);
    ck_assert(ps_config_parse(text, "penstockd.conf", &config, &diags));
    ps_backend_choose(&backend, &config, &fake);
    ps_config_fini(&config);
    ps_diags_fini(&diags);
}

/* That backend, and why not the one before it; NULL: it is the first. */
static void expect(const char *text, const char *name, const char *why)
{
    choose(text);
    ck_assert_msg(backend.name != NULL && strcmp(backend.name, name) == 0, "%s: %s", text,
                  backend.name ? backend.name : backend.passed[backend.n_passed - 1].why);
    ck_assert_uint_eq(backend.n_passed, why != NULL);
    if (why)
        ck_assert_msg(strstr(backend.passed[0].why, why) != NULL, "%s", backend.passed[0].why);
}

START_TEST(test_ps_backend_choose__named__no_questions)
{
    clear();
    host.no_queue = true;
    choose(NETDEVS "io = \"nfqueue\";");
    ck_assert_str_eq(backend.name, "nfqueue");
    ck_assert(!backend.by_auto && backend.n_passed == 0 && host.n_asked == 0);
}
END_TEST

START_TEST(test_ps_backend_choose__all_works__the_best)
{
    clear();
    expect(NETDEVS, "dpdk", NULL);
    expect(NETDEVS "io = \"auto\";", "dpdk", NULL);
    ck_assert(backend.by_auto);
    expect(CARDS, "dpdk", NULL);
    expect("gateway = \"g\"; ports: { a = \"net_null0\"; b = \"net_null1\"; };\n", "dpdk", NULL);
}
END_TEST

START_TEST(test_ps_backend_choose__not_built__the_next)
{
    clear();
    host.not_built = "dpdk";
    expect(NETDEVS, "nfqueue", "built without");
}
END_TEST

START_TEST(test_ps_backend_choose__no_guard__the_next_unless_none_is_wanted)
{
    clear();
    host.no_guard = true;
    if (ps_guard_is_built)
        expect(NETDEVS, "nfqueue", "no guard");
    expect(NETDEVS "guard = \"off\";", "dpdk", NULL);
    expect(CARDS, "dpdk", NULL);
}
END_TEST

START_TEST(test_ps_backend_choose__kernel_routes__no_wire_unless_named)
{
    clear();
    host.routes = true;
    expect(NETDEVS, "nfqueue", "routes");
    expect(CARDS, "dpdk", NULL);
    choose(NETDEVS "io = \"dpdk\";");
    ck_assert_str_eq(backend.name, "dpdk");
}
END_TEST

START_TEST(test_ps_backend_choose__settings_of_one__not_the_other)
{
    clear();
    expect(NETDEVS "queue = 7;", "nfqueue", "queue goes with");
    host.no_queue = true;
    choose(NETDEVS "queue = 7;");
    ck_assert_ptr_null(backend.name);
    clear();
    host.no_capture = true;
    choose(NETDEVS "mtu = 9000;");
    ck_assert_ptr_null(backend.name);
    ck_assert_ptr_nonnull(strstr(backend.passed[1].why, "mtu goes with"));
    clear();
    choose(NETDEVS "dead_man = 60;");
    ck_assert_str_eq(backend.name, "nft");
    ck_assert_uint_eq(backend.n_passed, 2);
    ck_assert_ptr_nonnull(strstr(backend.passed[0].why, "dead_man goes with"));
}
END_TEST

START_TEST(test_ps_backend_choose__nothing_works__why_of_each)
{
    clear();
    host.no_capture = true;
    choose(NETDEVS);
    ck_assert_str_eq(backend.name, "nft");
    host.no_judge = true;
    choose(NETDEVS);
    ck_assert_ptr_null(backend.name);
    ck_assert_uint_eq(backend.n_passed, 3);
    ck_assert_str_eq(backend.passed[0].name, "dpdk");
    ck_assert_str_eq(backend.passed[0].why, "no sockets");
    ck_assert_ptr_null(backend.passed[0].port);
    ck_assert_str_eq(backend.passed[1].name, "nfqueue");
    ck_assert_str_eq(backend.passed[2].name, "nft");
    ck_assert_str_eq(backend.passed[2].why, "no shape");
    clear();
    host.no_netdev = "eth2";
    choose(NETDEVS);
    ck_assert_ptr_null(backend.name);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_str_eq(backend.passed[i].why, "port \"b\" (eth2): there is no such network device");
        ck_assert_ptr_nonnull(backend.passed[i].port);
    }
}
END_TEST

START_TEST(test_ps_backend_choose__cards__by_their_drivers)
{
    clear();
    host.driver = "e1000e";
    choose(CARDS);
    ck_assert_ptr_null(backend.name);
    ck_assert_ptr_nonnull(strstr(backend.passed[0].why, "e1000e does; \"dpdk-devbind.py -b vfio-pci 0000:03:00.0\""));
    ck_assert_ptr_nonnull(strstr(backend.passed[1].why, "netdevs alone"));
    host.driver = "";
    choose(CARDS);
    ck_assert_ptr_nonnull(strstr(backend.passed[0].why, "none at all does"));
    host.no_card = true;
    choose(CARDS);
    ck_assert_ptr_nonnull(strstr(backend.passed[0].why, "no such card"));
}
END_TEST

START_TEST(test_ps_backend_choose__bridge_that_does_not_ask__no_queue)
{
    clear();
    host.no_bridge = true;
    host.no_guard = true;
    choose(NETDEVS);
    if (!ps_guard_is_built)
        return;
    ck_assert_str_eq(backend.name, "nft");
    ck_assert_str_eq(backend.passed[1].why, "port \"a\" (eth1): does not ask");
}
END_TEST

START_TEST(test_ps_backend_print__auto__which_and_why_not)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    clear();
    host.not_built = "dpdk";
    choose(NETDEVS);
    ps_backend_print(&backend, "penstockd: ", out);
    choose(NETDEVS "io = \"dpdk\";");
    ps_backend_print(&backend, "penstockd: ", out);
    fclose(out);
    ck_assert_str_eq(text, "penstockd: io nfqueue (auto)\npenstockd: not dpdk: this penstockd was built without it\n");
    free(text);
}
END_TEST

START_TEST(test_ps_backend_json__what_was_not_taken_and_what_is_lost)
{
    clear();
    host.not_built = "dpdk";
    choose(NETDEVS);
    json_t *o = ps_backend_json(&backend);
    char *text = json_dumps(json_object_get(o, "not_taken"), JSON_COMPACT);
    ck_assert_str_eq(text, "[{\"io\":\"dpdk\",\"why\":\"this penstockd was built without it\"}]");
    ck_assert(json_is_true(json_object_get(o, "auto")));
    ck_assert_uint_ge(json_array_size(json_object_get(o, "lost")), 3);
    free(text);
    json_decref(o);
    choose(NETDEVS "io = \"dpdk\";");
    o = ps_backend_json(&backend);
    ck_assert(json_is_false(json_object_get(o, "auto")));
    ck_assert_uint_eq(json_array_size(json_object_get(o, "not_taken")) + json_array_size(json_object_get(o, "lost")), 0);
    json_decref(o);
}
END_TEST

UNIT_MAIN("control/backend", test_ps_backend_choose__named__no_questions, test_ps_backend_choose__all_works__the_best,
          test_ps_backend_choose__not_built__the_next, test_ps_backend_choose__no_guard__the_next_unless_none_is_wanted,
          test_ps_backend_choose__kernel_routes__no_wire_unless_named, test_ps_backend_choose__settings_of_one__not_the_other, test_ps_backend_choose__nothing_works__why_of_each,
          test_ps_backend_choose__cards__by_their_drivers, test_ps_backend_choose__bridge_that_does_not_ask__no_queue,
          test_ps_backend_print__auto__which_and_why_not, test_ps_backend_json__what_was_not_taken_and_what_is_lost)
