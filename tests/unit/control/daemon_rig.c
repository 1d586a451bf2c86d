/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon_rig.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

const char daemon_rig_plant[] =
    "schema = 1; site = \"rig\"; revision = 7;\n"
    "zones = ( { name = \"ops\"; kind = \"operations\"; networks = [\"10.0.1.0/24\"]; assets = (\n"
    "    { name = \"hmi\"; addresses = [\"10.0.1.10\"]; }, { name = \"eng\"; addresses = [\"10.0.1.20\"]; } ); },\n"
    "  { name = \"ctl\"; kind = \"control\"; networks = [\"10.0.2.0/24\"]; assets = (\n"
    "    { name = \"plc\"; addresses = [\"10.0.2.10\"]; } ); },\n"
    "  { name = \"lab\"; kind = \"control\"; networks = [\"10.0.3.0/24\"]; } );\n"
    "conduits = ( { name = \"main\"; from = \"ops\"; to = \"ctl\"; mode = \"enforce\"; allow = (\n"
    "    { name = \"poll\"; clients = [\"hmi\"]; protocol = \"modbus\"; operations = [\"read\"]; } ); },\n"
    "  { name = \"watched\"; from = \"lab\"; to = \"ctl\"; mode = \"monitor\"; } );\n"
    "gateways = ( { name = \"gw\"; ports = ( { name = \"p0\"; zones = [\"ops\"]; }, { name = \"p1\"; zones = [\"ctl\", \"lab\"]; } ); } );\n";

static const char *const port_names[] = {"p0", "p1"};
static struct daemon_rig *rig; /* that the control socket is of */

/* ---- the control socket, and the ports' control side -------------------------------------------------------------- */

static void note(uint64_t client, json_t *o)
{
    json_decref(rig->reply);
    rig->reply = o;
    rig->refusal[0] = '\0';
    rig->client = client;
    rig->n_replies++;
}

void ps_server_reply(struct ps_server *server, uint64_t client, json_t *o, int fd)
{
    (void)server;
    note(client, o);
    rig->with_fd = fd >= 0;
}

void ps_server_refuse(struct ps_server *server, uint64_t client, const char *format, ...)
{
    va_list args;
    (void)server;
    note(client, NULL);
    va_start(args, format);
    vsnprintf(rig->refusal, sizeof rig->refusal, format, args);
    va_end(args);
}

void ps_server_refuse_with(struct ps_server *server, uint64_t client, json_t *o, const char *format, ...)
{
    va_list args;
    (void)server;
    note(client, o);
    va_start(args, format);
    vsnprintf(rig->refusal, sizeof rig->refusal, format, args);
    va_end(args);
}

void ps_server_follow(struct ps_server *server, uint64_t client)
{
    (void)server;
    (void)client;
    rig->n_followers++;
}

size_t ps_server_n_followers(const struct ps_server *server)
{
    (void)server;
    return rig->n_followers;
}

void ps_server_tell(struct ps_server *server, const json_t *o)
{
    (void)server;
    json_decref(rig->told);
    rig->told = json_deep_copy(o);
}

void ps_io_stats(struct ps_io *io, uint32_t port, struct ps_io_stats *stats)
{
    (void)io;
    *stats = (struct ps_io_stats){.rx_packets = 10 + port, .rx_lost = 3, .rx_lost_known = port == 0, .link_up = port == 0,
                                  .driver = "net_fake", .mtu = 1500};
}

const char *ps_io_backend(void)
{
    return "fake";
}

bool ps_io_queue_stats(struct ps_io *io, uint32_t worker, struct ps_io_queue_stats *stats)
{
    (void)io;
    (void)worker;
    (void)stats;
    return false;
}

void ps_io_again(struct ps_io *io)
{
    (void)io;
}

bool ps_io_carry_for(struct ps_io *io, uint32_t state, char *err, size_t err_size)
{
    (void)io;
    rig->carry_state = state;
    rig->n_carry_for++;
    if (rig->carry_fails)
        snprintf(err, err_size, "no socket");
    return !rig->carry_fails;
}

bool ps_io_carried(struct ps_io *io, struct ps_io_carried *carried)
{
    (void)io;
    *carried = (struct ps_io_carried){.packets = 12, .bytes = 1200};
    return rig->carries;
}

const char *ps_io_memory(const struct ps_io *io)
{
    (void)io;
    return "none";
}

/* ---- policies ------------------------------------------------------------------------------------------------------ */

void daemon_rig_load(const char *text, struct ps_loaded *loaded)
{
    struct ps_image image;
    struct ps_error err = {""};
    void *mem = rig_compile(text, &image);
    int fd = memfd_create("image", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, image.data, (size_t)image.len), (ssize_t)image.len);
    free(mem);
    ck_assert_msg(ps_loaded_open(loaded, fd, &err), "%s", err.text);
}

const struct ps_policy *daemon_rig_publish(struct daemon_rig *r, const char *text)
{
    struct ps_loaded loaded;
    struct ps_error err = {""};
    daemon_rig_load(text ? text : daemon_rig_plant, &loaded);
    const struct ps_policy *policy = ps_policies_publish(&r->daemon.policies, &loaded, "plant.conf", &err);
    ck_assert_msg(policy != NULL, "%s", err.text);
    return policy;
}

void daemon_rig_settle(struct daemon_rig *r)
{
    for (uint32_t w = 0; w < 2; w++)
        while (ps_engine_sweep(ps_crew_engine(r->daemon.crew, w), PS_SWEEP_MAX))
            continue;
}

/* ---- requests ------------------------------------------------------------------------------------------------------ */

void daemon_rig_ask(struct daemon_rig *r, const char *members, bool may_change)
{
    char text[512];
    struct ps_peer peer = {.uid = 1000, .pid = 1, .may_change = may_change, .name = "otto"};
    snprintf(text, sizeof text, "{%s}", members);
    json_t *o = json_loads(text, 0, NULL);
    ck_assert_msg(o != NULL, "%s", text);
    json_decref(r->reply);
    r->reply = NULL;
    r->refusal[0] = '\0';
    r->n_replies = 0;
    struct ps_server_request request = {.client = 7, .peer = &peer, .json = o,
                                        .verb = json_string_value(json_object_get(o, "verb"))};
    ps_daemon_request(&r->daemon, &request);
    json_decref(o);
}

const char *daemon_rig_said(const struct daemon_rig *r, const char *path)
{
    static char text[16][512];
    static unsigned next;
    char key[64];
    char *out = text[next++ % 16];
    const json_t *o = r->reply;
    for (const char *at = path; *at != '\0'; at += at[0] == '.') {
        size_t n = strcspn(at, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, at);
        o = json_is_array(o) ? json_array_get(o, (size_t)atoi(key)) : json_object_get(o, key);
        at += n;
    }
    char *dumped = o ? json_dumps(o, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    snprintf(out, sizeof text[0], "%s", dumped ? dumped : "");
    free(dumped);
    return out;
}

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static bool on_publish(void *ctx, struct ps_policy *policy, struct ps_error *err)
{
    struct ps_daemon *daemon = ctx;
    ps_island_apply(&daemon->island, policy, ps_policies_n_slots(&daemon->policies));
    return !rig->refuses || ps_error_say(err, "somebody else does not take it");
}

static void start_crew(struct daemon_rig *r, uint32_t n_workers)
{
    struct ps_engine_config engine;
    char err[128] = "";
    ps_engine_config_init(&engine);
    engine.inline_ = true;
    engine.n_flows = 64;
    const struct ps_crew_config config = {.io = &r->io, .n_ports = 2, .n_workers = n_workers, .engine = &engine};
    r->daemon.crew = ps_crew_new(&config, err, sizeof err);
    ck_assert_msg(r->daemon.crew != NULL, "%s", err);
    if (n_workers > 0)
        r->packets.engine = ps_crew_engine(r->daemon.crew, 0);
    r->packets.time_ns = ps_clock_steady();
}

void daemon_rig_init(struct daemon_rig *r)
{
    daemon_rig_init_with(r, 2);
}

void daemon_rig_init_with(struct daemon_rig *r, uint32_t n_workers)
{
    struct ps_error err = {""};
    memset(r, 0, sizeof *r);
    rig = r;
    strcpy(r->folder, "/tmp/penstock-daemon.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(r->folder));
    snprintf(r->plant, sizeof r->plant, "%s/plant.conf", r->folder);
    for (unsigned i = 0; i < 2; i++)
        r->ports[i] = (struct ps_io_port){.name = port_names[i], .device = i == 0 ? "eth1" : "eth2"};
    r->config = (struct ps_config){.gateway = "gw", .plant = r->plant, .ports = r->ports, .n_ports = 2, .n_workers = 2,
                                   .flows = 64};
    start_crew(r, n_workers);
    r->daemon.config = &r->config;
    r->daemon.backend = &r->backend;
    r->daemon.io = &r->io;
    r->daemon.port_names = port_names;
    r->daemon.journal = (struct ps_journal){.gateway = "gw", .server = (void *)r};
    r->daemon.policies = (struct ps_policies){.crew = r->daemon.crew, .n_workers = n_workers, .gateway = "gw", .ports = port_names,
                                              .n_ports = 2, .on_publish = on_publish, .ctx = &r->daemon};
    ck_assert_msg(ps_statedir_open(&r->daemon.state, r->folder, &err), "%s", err.text);
    ps_reload_init(&r->daemon.reload);
    ps_island_init(&r->daemon);
}

void daemon_rig_fini(struct daemon_rig *r)
{
    static const char *const files[] = {PS_STATEDIR_IMAGE, PS_STATEDIR_UNCONFIRMED, PS_STATEDIR_ISLAND};
    ps_crew_free(r->daemon.crew);
    ps_policies_fini(&r->daemon.policies);
    ps_reload_fini(&r->daemon.reload);
    ps_island_fini(&r->daemon.island);
    ps_journal_fini(&r->daemon.journal);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        ps_statedir_remove(&r->daemon.state, files[i]);
    ps_statedir_close(&r->daemon.state);
    unlink(r->plant);
    rmdir(r->folder);
    json_decref(r->reply);
    json_decref(r->told);
}
