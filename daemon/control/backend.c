/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend.h"

#include <string.h>

#include "device.h"
#include "guard.h"
#include "json.h"

/* ---- what each backend takes --------------------------------------------------------------------------------------- */

static bool refuse_port(const struct ps_io_port *port, const char *what, struct ps_backend_passed *passed)
{
    passed->port = port;
    snprintf(passed->why, sizeof passed->why, "port \"%.32s\" (%.32s): %.170s", port->name, port->device, what);
    return false;
}

static bool card_works(const struct ps_backend_host *host, const struct ps_io_port *port, const char *address,
                       struct ps_backend_passed *passed)
{
    static const char *const drivers[] = {"vfio-pci", "uio_pci_generic", "igb_uio", "mlx5_core", "mlx4_core"};
    char driver[32], text[192];

    if (!host->pci_driver(address, driver))
        return refuse_port(port, "there is no such card", passed);
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(driver, drivers[i]) == 0)
            return true;
    snprintf(text, sizeof text, "no driver of DPDK can have it, %s%s does; \"dpdk-devbind.py -b vfio-pci %.32s\"",
             driver[0] != '\0' ? driver : "none", driver[0] != '\0' ? "" : " at all", address);
    return refuse_port(port, text, passed);
}

static bool dpdk_works(const struct ps_config *config, const struct ps_backend_host *host, struct ps_backend_passed *passed)
{
    bool netdevs = false;

    for (uint32_t i = 0; i < config->n_ports; i++) {
        const struct ps_io_port *port = &config->ports[i];
        struct ps_device device;

        if (ps_device_parse(port->device, &device))
            continue;
        if (device.kind == PS_DEVICE_PCI && !card_works(host, port, device.name, passed))
            return false;
        if (ps_device_is_netdev(&device) && !host->has_netdev(device.name))
            return refuse_port(port, "there is no such network device", passed);
        netdevs = netdevs || ps_device_is_netdev(&device);
    }
    if (!netdevs)
        return true;
    return host->is_wire(config, passed->why, sizeof passed->why) && host->can_capture(passed->why, sizeof passed->why) &&
           (config->guard == PS_CONFIG_GUARD_OFF || !ps_guard_is_built || host->can_guard(passed->why, sizeof passed->why));
}

static bool nfqueue_works(const struct ps_config *config, const struct ps_backend_host *host, struct ps_backend_passed *passed)
{
    char text[171];

    for (uint32_t i = 0; i < config->n_ports; i++) {
        if (!host->has_netdev(config->ports[i].device))
            return refuse_port(&config->ports[i], "there is no such network device", passed);
        if (!host->bridge_asks(config->ports[i].device, text, sizeof text))
            return refuse_port(&config->ports[i], text, passed);
    }
    return host->can_queue(passed->why, sizeof passed->why) && host->can_capture(passed->why, sizeof passed->why);
}

static bool nft_works(const struct ps_config *config, const struct ps_backend_host *host, struct ps_backend_passed *passed)
{
    for (uint32_t i = 0; i < config->n_ports; i++)
        if (!host->has_netdev(config->ports[i].device))
            return refuse_port(&config->ports[i], "there is no such network device", passed);
    return host->can_judge(config, passed->why, sizeof passed->why);
}

/* The best first. lost: what the first does and it does not, up to NULL. */
static const struct row {
    const char *name;
    bool (*works)(const struct ps_config *config, const struct ps_backend_host *host, struct ps_backend_passed *passed);
    const char *lost[6];
} rows[] = {
    {"dpdk", dpdk_works, {NULL}},
    {"nfqueue", nfqueue_works,
     {"ARP is not judged", "only IP crosses", "VLAN tags are not seen", "conduits with on_failure = \"open\" stay closed",
      "packets take longer", NULL}},
    {"nft", nft_works,
     {"messages are compared as far as one packet shows them", "connections and replies are not judged",
      "no caps on what is opened or held", "no answers in the server's name", NULL}},
};

#define N_ROWS (sizeof rows / sizeof rows[0])
_Static_assert(N_ROWS <= PS_BACKEND_MAX, "each may be passed over");

/* ---- choosing ------------------------------------------------------------------------------------------------------ */

/* What penstockd.conf says and this backend cannot do rules it out as well. */
static bool suits(const struct ps_config *config, const char *backend, struct ps_backend_passed *passed)
{
    struct ps_diags diags;

    ps_diags_init(&diags);
    bool good = ps_config_suits(config, backend, &diags);
    if (!good)
        snprintf(passed->why, sizeof passed->why, "%s", diags.items[0].text);
    for (uint32_t i = 0; i < config->n_ports && !good; i++)
        if (config->ports[i].line == diags.items[0].line)
            passed->port = &config->ports[i];
    ps_diags_fini(&diags);
    return good;
}

static bool takes(const struct row *row, const struct ps_config *config, const struct ps_backend_host *host,
                  struct ps_backend_passed *passed)
{
    if (!host->is_built(row->name)) {
        snprintf(passed->why, sizeof passed->why, "this penstockd was built without it");
        return false;
    }
    return suits(config, row->name, passed) && row->works(config, host, passed);
}

void ps_backend_choose(struct ps_backend *backend, const struct ps_config *config, const struct ps_backend_host *host)
{
    static const char *const names[] = {[PS_CONFIG_IO_DPDK] = "dpdk", [PS_CONFIG_IO_NFQUEUE] = "nfqueue",
                                        [PS_CONFIG_IO_NFT] = "nft"};

    *backend = (struct ps_backend){.by_auto = config->io == PS_CONFIG_IO_AUTO};
    if (!backend->by_auto) {
        backend->name = names[config->io];
        return;
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        struct ps_backend_passed *passed = &backend->passed[backend->n_passed];

        if (takes(&rows[i], config, host, passed)) {
            backend->name = rows[i].name;
            return;
        }
        passed->name = rows[i].name;
        backend->n_passed++;
    }
}

/* ---- telling ------------------------------------------------------------------------------------------------------- */

void ps_backend_print(const struct ps_backend *backend, const char *before, FILE *out)
{
    if (!backend->by_auto)
        return;
    if (backend->name != NULL)
        fprintf(out, "%sio %s (auto)\n", before, backend->name);
    for (uint32_t i = 0; i < backend->n_passed; i++)
        fprintf(out, "%snot %s: %s\n", before, backend->passed[i].name, backend->passed[i].why);
}

static json_t *lost_json(const char *backend)
{
    json_t *list = json_array();

    for (size_t i = 0; i < N_ROWS && backend != NULL; i++)
        for (const char *const *lost = rows[i].lost; strcmp(rows[i].name, backend) == 0 && *lost != NULL; lost++)
            json_array_append_new(list, json_string(*lost));
    return list;
}

json_t *ps_backend_json(const struct ps_backend *backend)
{
    json_t *o = json_object(), *passed = json_array();

    ps_json_put_bool(o, "auto", backend->by_auto);
    for (uint32_t i = 0; i < backend->n_passed; i++) {
        json_t *one = json_object();

        ps_json_put(one, "io", backend->passed[i].name);
        ps_json_put_any(one, "why", backend->passed[i].why);
        json_array_append_new(passed, one);
    }
    json_object_set_new(o, "not_taken", passed);
    json_object_set_new(o, "lost", lost_json(backend->name));
    return o;
}
