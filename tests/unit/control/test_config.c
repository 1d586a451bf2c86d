/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define PORTS "ports: { plant = \"eth1\"; field = \"0000:03:00.0\"; };\n"
#define LEAST "gateway = \"gw-1\";\n" PORTS

static struct ps_config config;
static struct ps_diags diags;

static bool parse(const char *text)
{
    ps_diags_init(&diags);
    return ps_config_parse(text, "d.conf", &config, &diags);
}

static void done(void)
{
    ps_config_fini(&config);
    ps_diags_fini(&diags);
}

/* One finding with this text, at this line. */
static void expect(const char *text, uint32_t line, const char *finding)
{
    ck_assert(!parse(text));
    ck_assert_msg(diags.n == 1, "%zu findings of %s, first: %s", diags.n, text, diags.n ? diags.items[0].text : "");
    ck_assert_msg(strstr(diags.items[0].text, finding) != NULL, "%s", diags.items[0].text);
    ck_assert_uint_eq(diags.items[0].line, line);
    ck_assert_str_eq(diags.items[0].file, "d.conf");
    done();
}

START_TEST(test_ps_config_parse__the_least__defaults)
{
    ck_assert(parse(LEAST));
    ck_assert_str_eq(config.gateway, "gw-1");
    ck_assert_str_eq(config.plant, "/etc/penstock/plant.conf");
    ck_assert_str_eq(config.control, "/run/penstock/control.sock");
    ck_assert_uint_eq(config.n_ports, 2);
    ck_assert_str_eq(config.ports[0].name, "plant");
    ck_assert_str_eq(config.ports[1].device, "0000:03:00.0");
    ck_assert_uint_eq(config.ports[1].line, 2);
    ck_assert_uint_eq(config.n_workers, 1);
    ck_assert_uint_eq(config.flows, 65536);
    ck_assert_uint_eq(config.reassembly_kib, 4096);
    ck_assert_uint_eq(config.guard, PS_CONFIG_GUARD_DEFAULT);
    ck_assert(!config.spin && !config.by_host && config.cpus == NULL && config.mtu == 0);
    done();
}
END_TEST

START_TEST(test_ps_config_parse__every_key__taken)
{
    ck_assert(parse(LEAST "plant = \"/srv/p.conf\"; io = \"dpdk\"; workers = 2; cpus = [2, 3]; spread = \"hosts\";\n"
                          "idle = \"spin\"; mtu = 9000; memory: { flows = 100000; reassembly_kib = 64; };\n"
                          "events: ( { kind = \"file\"; path = \"/var/log/e\"; }, { kind = \"syslog\"; } );\n"
                          "control = \"/run/c\"; instance = \"gw_b-2\"; guard = \"off\";\n"));
    ck_assert_uint_eq(config.guard, PS_CONFIG_GUARD_OFF);
    ck_assert_uint_eq(config.guard_src.line, 6);
    ck_assert_str_eq(config.plant, "/srv/p.conf");
    ck_assert_uint_eq(config.io, PS_CONFIG_IO_DPDK);
    ck_assert(config.spin && config.by_host);
    ck_assert_uint_eq(config.n_workers, 2);
    ck_assert_int_eq(config.cpus[1], 3);
    ck_assert_uint_eq(config.mtu, 9000);
    ck_assert_uint_eq(config.flows, 100000);
    ck_assert_uint_eq(config.reassembly_kib, 64);
    ck_assert_uint_eq(config.n_sinks, 2);
    ck_assert_str_eq(config.sinks[0].path, "/var/log/e");
    ck_assert_uint_eq(config.sinks[1].kind, PS_CONFIG_SINK_SYSLOG);
    ck_assert_str_eq(config.control, "/run/c");
    ck_assert_str_eq(config.instance, "gw_b-2");
    done();
}
END_TEST

START_TEST(test_ps_config_parse__nfqueue__taken_with_its_queue)
{
    ck_assert(parse("gateway = \"gw-1\"; ports: { a = \"eth1\"; b = \"eth2\"; };\nio = \"nfqueue\"; queue = 7;\n"));
    ck_assert_uint_eq(config.io, PS_CONFIG_IO_NFQUEUE);
    ck_assert_uint_eq(config.queue, 7);
    ck_assert(ps_config_suits(&config, "nfqueue", &diags));
    done();
    ck_assert(parse(LEAST));
    ck_assert_uint_eq(config.queue, 100);
    ck_assert(ps_config_suits(&config, "dpdk", &diags));
    done();
}
END_TEST

START_TEST(test_ps_config_parse__nft__taken_with_its_shape_and_dead_man)
{
    ck_assert(parse("gateway = \"gw-1\"; ports: { a = \"eth1\"; b = \"eth2\"; };\nio = \"nft\"; shape = \"bridge\";\ndead_man = 30;\n"));
    ck_assert_uint_eq(config.io, PS_CONFIG_IO_NFT);
    ck_assert_uint_eq(config.shape, PS_CONFIG_SHAPE_BRIDGE);
    ck_assert_uint_eq(config.dead_man_s, 30);
    ck_assert_uint_eq(config.shape_src.line, 2);
    ck_assert_uint_eq(config.dead_man_src.line, 3);
    ck_assert_ptr_null(config.engine_key);
    ck_assert(ps_config_suits(&config, "nft", &diags));
    ck_assert(!ps_config_suits(&config, "dpdk", &diags));
    ck_assert_uint_eq(diags.n, 2);
    ck_assert(strstr(diags.items[0].text, "shape goes with io = \"nft\"") != NULL);
    ck_assert(strstr(diags.items[1].text, "dead_man goes with io = \"nft\"") != NULL);
    done();
    ck_assert(parse(LEAST));
    ck_assert_uint_eq(config.shape, PS_CONFIG_SHAPE_FOUND);
    ck_assert_uint_eq(config.dead_man_s, 0);
    done();
}
END_TEST

START_TEST(test_ps_config_suits__nft__no_setting_that_nobody_obeys)
{
    static const char *const keys[] = {"workers = 2", "cpus = [1]", "spread = \"hosts\"", "idle = \"spin\"",
                                       "memory: { flows = 100000; }"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char text[256], name[16];
        snprintf(text, sizeof text, "gateway = \"g\"; io = \"nft\"; ports: { a = \"eth1\"; b = \"eth2\"; };\n%s;\n", keys[i]);
        snprintf(name, sizeof name, "%.*s", (int)strcspn(keys[i], " :"), keys[i]);
        ck_assert(parse(text));
        ck_assert(!ps_config_suits(&config, "nft", &diags));
        ck_assert_uint_eq(diags.n, 1);
        ck_assert_uint_eq(diags.items[0].line, 2);
        ck_assert_msg(strncmp(diags.items[0].text, name, strlen(name)) == 0, "%s", diags.items[0].text);
        ck_assert(strstr(diags.items[0].text, "with io = \"nft\" the kernel judges alone") != NULL);
        done();
    }
    ck_assert(parse(LEAST "mtu = 9000; guard = \"nftables\"; queue = 7;\n"));
    ck_assert(!ps_config_suits(&config, "nft", &diags));
    ck_assert_uint_eq(diags.n, 4); /* and a port that is no netdev */
    done();
}
END_TEST

START_TEST(test_ps_config_suits__what_the_kernel_cannot_do__located)
{
    ck_assert(parse(LEAST "io = \"nfqueue\";\nmtu = 9000;\n"));
    ck_assert(!ps_config_suits(&config, "nfqueue", &diags));
    ck_assert_uint_eq(diags.n, 2);
    ck_assert_uint_eq(diags.items[0].line, 2);
    ck_assert(strstr(diags.items[0].text, "it knows netdevs alone") != NULL);
    ck_assert_uint_eq(diags.items[1].line, 3);
    ck_assert(strstr(diags.items[1].text, "mtu goes with") != NULL);
    done();
    ck_assert(parse("gateway = \"g\";\nports: { a = \"eth1\"; b = \"eth2\"; };\nguard = \"nftables\";\n"));
    ck_assert(!ps_config_suits(&config, "nfqueue", &diags));
    ck_assert_uint_eq(diags.items[0].line, 3);
    ck_assert(strstr(diags.items[0].text, "guard goes with") != NULL);
    done();
    ck_assert(parse(LEAST "queue = 7;\n"));
    ck_assert(!ps_config_suits(&config, "dpdk", &diags));
    ck_assert_uint_eq(diags.items[0].line, 3);
    ck_assert(strstr(diags.items[0].text, "queue goes with") != NULL);
    done();
}
END_TEST

/* What would keep it from starting: --check has to say it too. */
START_TEST(test_ps_config_fits_host__what_the_host_has_not__located)
{
    static const char *const wrong[][2] = {
        {LEAST "user = \"nobody-of-this-name\";\n", "there is no user \"nobody-of-this-name\" on this machine"},
        {LEAST "cpus = [1023];\n", "may not run on a processor 1023"},
        {LEAST "control = \"/run/2345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
               "01234567890123456\";\n", "at most 107 characters"},
    };

    ck_assert(parse(LEAST "user = \"root\";\n") && ps_config_fits_host(&config, &diags));
    done();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert(parse(wrong[i][0]));
        ck_assert(!ps_config_fits_host(&config, &diags));
        ck_assert_uint_eq(diags.n, 1);
        ck_assert_uint_eq(diags.items[0].line, 3);
        ck_assert_ptr_nonnull(strstr(diags.items[0].text, wrong[i][1]));
        done();
    }
}
END_TEST

START_TEST(test_ps_config_parse__one_mistake__located_with_what_to_do)
{
    expect(LEAST "wrokers = 2;\n", 3, "did you mean \"workers\"?");
    expect(LEAST "memory: { flow = 2; };\n", 3, "did you mean \"flows\"?");
    expect(LEAST "idle = \"slep\";\n", 3, "did you mean \"sleep\"?");
    expect(LEAST "shape = \"brigde\";\n", 3, "did you mean \"bridge\"?");
    expect(LEAST "dead_man = 4;\n", 3, "5");
    expect(LEAST "guard = \"nftable\";\n", 3, "did you mean \"nftables\"?");
    expect(LEAST "workers = 0;\n", 3, "1");
    expect(LEAST "mtu = 20000;\n", 3, "9600");
    expect(LEAST "plant = \"plant.conf\";\n", 3, "whole path");
    expect(LEAST "instance = \"a b\";\n", 3, "no name");
    expect(LEAST "cpus = [1, 2];\n", 3, "name one for each worker");
    expect(LEAST "events: ( { kind = \"file\"; } );\n", 3, "needs its path");
    expect(LEAST "events: ( { kind = \"syslog\"; path = \"/a\"; } );\n", 3, "remove it");
    expect(LEAST "events: ( { kind = \"sylog\"; } );\n", 3, "did you mean \"syslog\"?");
    expect(LEAST "memory = 5;\n", 3, "must be a group");
    expect(PORTS, 1, "gateway = ");
    expect("gateway = \"g\";\n", 1, "ports: ");
    expect("gateway = \"g\";\nports: { a = \"eth1\"; };\n", 2, "has 1 ports");
    expect("gateway = \"g\";\nports: {\n a = \"eth1\";\n b = \"eth1\"; };\n", 4, "is port \"a\" already");
    expect("gateway = \"g\";\nports: {\n a = \"eth1\";\n b = \"af_pocket:eth1\"; };\n", 4, "neither a netdev");
    expect("gateway = \"g\";\nports = 3;\n", 2, "must be a group");
}
END_TEST

START_TEST(test_ps_config_parse__several_mistakes__all_told_in_order)
{
    ck_assert(!parse("gateway = \"g\"; workers = 99;\nports: { a = \"eth1\";\n b = \"x y\"; };\nspread = \"flows\";\n"));
    ck_assert_uint_eq(diags.n, 3);
    ck_assert_uint_eq(diags.items[0].line, 1);
    ck_assert_uint_eq(diags.items[1].line, 3);
    ck_assert_uint_eq(diags.items[2].line, 4);
    done();
}
END_TEST

START_TEST(test_ps_config_load__no_file__an_error)
{
    ps_diags_init(&diags);
    ck_assert(!ps_config_load("/nowhere/penstockd.conf", &config, &diags));
    ck_assert_uint_ge(diags.n_errors, 1);
    done();
}
END_TEST

UNIT_MAIN("control/config", test_ps_config_parse__the_least__defaults, test_ps_config_parse__every_key__taken,
          test_ps_config_parse__nfqueue__taken_with_its_queue,
          test_ps_config_parse__nft__taken_with_its_shape_and_dead_man,
          test_ps_config_suits__nft__no_setting_that_nobody_obeys, test_ps_config_suits__what_the_kernel_cannot_do__located,
          test_ps_config_fits_host__what_the_host_has_not__located, test_ps_config_parse__one_mistake__located_with_what_to_do,
          test_ps_config_parse__several_mistakes__all_told_in_order, test_ps_config_load__no_file__an_error)
