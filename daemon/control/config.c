/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "device.h"
#include "guard.h"
#include "load.h"
#include "metrics.h"

#define DEAD_MAN_MIN_S 5 /* the daemon says every second that it lives */
#define QUEUE 100 /* those who write rules by hand begin at 0 */
#define FLOWS_MAX (1 << 24)
#define REASSEMBLY_MAX_KIB (1 << 22)

static struct ps_config *config_of(void *into)
{
    return into;
}

/* ---- single settings ------------------------------------------------------------------------------------------- */

static void read_gateway(struct ps_load *load, config_setting_t *setting, void *into)
{
    config_of(into)->gateway = ps_load_copy(load, setting);
    config_of(into)->gateway_src = ps_load_place(load, setting);
}

static const char *read_path(struct ps_load *load, const config_setting_t *setting)
{
    const char *path = ps_load_copy(load, setting);
    if (path && path[0] == '/')
        return path;
    if (path)
        ps_load_error(load, setting, "\"%s\" is not a whole path; start it with /", ps_load_show(load, path));
    return NULL;
}

static void read_plant(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *path = read_path(load, setting);
    config_of(into)->plant = path ? path : config_of(into)->plant;
}

static void read_control(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *path = read_path(load, setting);
    config_of(into)->control = path ? path : config_of(into)->control;
    config_of(into)->control_src = ps_load_place(load, setting);
}

static void read_state(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *path = read_path(load, setting);
    config_of(into)->state = path ? path : config_of(into)->state;
}

static void read_user(struct ps_load *load, config_setting_t *setting, void *into)
{
    config_of(into)->user = ps_load_copy(load, setting);
    config_of(into)->user_src = ps_load_place(load, setting);
}

static void read_metrics(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *text = ps_load_copy(load, setting);
    union ps_metrics_address address;
    const char *wrong = text ? ps_metrics_parse(text, &address) : NULL;
    if (wrong)
        ps_load_error(load, setting, "\"%s\" is %s", ps_load_show(load, text), wrong);
    else
        config_of(into)->metrics = text;
}

static void read_instance(struct ps_load *load, config_setting_t *setting, void *into)
{
    const char *name = ps_load_copy(load, setting);
    if (!name)
        return;
    if (name[0] == '\0' || strlen(name) > 32 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(name))
        ps_load_error(load, setting, "\"%s\" is no name; write up to 32 letters, digits, - and _", ps_load_show(load, name));
    else
        config_of(into)->instance = name;
}

static void read_io(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"auto", "dpdk", "nfqueue", "nft"};
    uint32_t choice = ps_load_choice(load, setting, PS_WORDS(words, 4));
    config_of(into)->io_src = ps_load_place(load, setting);
    if (choice != PS_NONE)
        config_of(into)->io = (uint8_t)choice;
}

static void read_shape(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"bump", "routed", "bridge"};
    uint32_t choice = ps_load_choice(load, setting, PS_WORDS(words, 3));
    config_of(into)->shape_src = ps_load_place(load, setting);
    if (choice != PS_NONE)
        config_of(into)->shape = (uint8_t)(PS_CONFIG_SHAPE_BUMP + choice);
}

static void read_guard(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"nftables", "off"};
    uint32_t choice = ps_load_choice(load, setting, PS_WORDS(words, 2));
    config_of(into)->guard_src = ps_load_place(load, setting);
    if (choice == 0 && !ps_guard_is_built)
        ps_load_error(load, setting, "\"nftables\" takes libnftnl, and this penstockd was built without; write \"off\"");
    else if (choice != PS_NONE)
        config_of(into)->guard = (uint8_t)(PS_CONFIG_GUARD_NFTABLES + choice);
}

static void read_idle(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"sleep", "spin"};
    config_of(into)->spin = ps_load_choice(load, setting, PS_WORDS(words, 2)) == 1;
}

static void read_spread(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"connections", "hosts"};
    config_of(into)->by_host = ps_load_choice(load, setting, PS_WORDS(words, 2)) == 1;
}

static void read_count(struct ps_load *load, const config_setting_t *setting, struct ps_range limits, uint32_t *out)
{
    int64_t number;
    if (ps_load_number(load, setting, (int64_t)limits.first, (int64_t)limits.last, &number))
        *out = (uint32_t)number;
}

static void read_workers(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_count(load, setting, (struct ps_range){1, PS_IO_WORKERS_MAX}, &config_of(into)->n_workers);
}

static void read_mtu(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_count(load, setting, (struct ps_range){576, PS_IO_MTU_MAX}, &config_of(into)->mtu);
}

static void read_queue(struct ps_load *load, config_setting_t *setting, void *into)
{
    uint32_t number = config_of(into)->queue;
    config_of(into)->queue_src = ps_load_place(load, setting);
    read_count(load, setting, (struct ps_range){0, UINT16_MAX - PS_IO_WORKERS_MAX}, &number);
    config_of(into)->queue = (uint16_t)number;
}

static void read_dead_man(struct ps_load *load, config_setting_t *setting, void *into)
{
    config_of(into)->dead_man_src = ps_load_place(load, setting);
    read_count(load, setting, (struct ps_range){DEAD_MAN_MIN_S, 86400}, &config_of(into)->dead_man_s);
}

static void read_cpus(struct ps_load *load, config_setting_t *list, void *into)
{
    struct ps_config *config = into;
    unsigned n = ps_load_items(load, list, "and the scheduler chooses");
    config->cpus = ps_model_alloc(load->model, (n + (size_t)1) * sizeof *config->cpus);
    config->cpus_src = ps_load_place(load, list);
    for (unsigned i = 0; i < n; i++) {
        int64_t cpu;
        if (ps_load_number(load, ps_load_elem(list, i), 0, 1023, &cpu))
            config->cpus[config->n_cpus++] = (int)cpu;
    }
}

/* ---- ports ----------------------------------------------------------------------------------------------------- */

static void read_port(struct ps_load *load, const config_setting_t *setting, struct ps_config *config)
{
    struct ps_src src = ps_load_place(load, setting);
    struct ps_device device;
    struct ps_io_port port = {.name = ps_model_strdup(load->model, config_setting_name(setting)),
                              .device = ps_load_copy(load, setting),
                              .file = load->model->files[src.file], .line = src.line};
    const char *wrong = port.device ? ps_device_parse(port.device, &device) : NULL;
    if (wrong)
        ps_load_error(load, setting, "\"%s\" is %s", ps_load_show(load, port.device), wrong);
    if (!port.device || wrong)
        return;
    for (uint32_t i = 0; i < config->n_ports; i++) {
        if (strcmp(config->ports[i].device, port.device) != 0)
            continue;
        ps_load_error(load, setting, "\"%s\" is port \"%s\" already; a port has a device of its own",
                      ps_load_show(load, port.device), config->ports[i].name);
        return;
    }
    config->ports[config->n_ports++] = port;
}

static void read_ports(struct ps_load *load, config_setting_t *group, void *into)
{
    struct ps_config *config = into;
    if (!config_setting_is_group(group)) {
        ps_load_error(load, group, "must be a group of port names and devices; write ports: { plant = \"eth1\"; field = \"eth2\"; };");
        return;
    }
    unsigned n = (unsigned)config_setting_length(group);
    if (n < 2 || n > PS_IO_PORTS_MAX) {
        if (!load->partial)
            ps_load_error(load, group, "has %u ports; a gateway has 2 to %u of them", n, PS_IO_PORTS_MAX);
        return;
    }
    config->ports = ps_model_alloc(load->model, n * sizeof *config->ports);
    for (unsigned i = 0; i < n; i++)
        read_port(load, config_setting_get_elem(group, i), config);
}

/* ---- memory and events ----------------------------------------------------------------------------------------- */

static void read_flows(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_count(load, setting, (struct ps_range){1024, FLOWS_MAX}, &config_of(into)->flows);
}

static void read_reassembly(struct ps_load *load, config_setting_t *setting, void *into)
{
    read_count(load, setting, (struct ps_range){64, REASSEMBLY_MAX_KIB}, &config_of(into)->reassembly_kib);
}

static const struct ps_key memory_keys[] = {{"flows", read_flows, NULL}, {"reassembly_kib", read_reassembly, NULL}};

static void read_memory(struct ps_load *load, config_setting_t *group, void *into)
{
    if (config_setting_is_group(group))
        ps_load_group(load, group, PS_KEYS(memory_keys), "memory", into);
    else
        ps_load_error(load, group, "must be a group; write memory: { flows = 65536; reassembly_kib = 4096; };");
}

static void read_kind(struct ps_load *load, config_setting_t *setting, void *into)
{
    static const char *const words[] = {"file", "syslog", "journal"};
    uint32_t choice = ps_load_choice(load, setting, PS_WORDS(words, 3));
    if (choice != PS_NONE)
        ((struct ps_config_sink *)into)->kind = (uint8_t)(PS_CONFIG_SINK_FILE + choice);
}

static void read_sink_path(struct ps_load *load, config_setting_t *setting, void *into)
{
    ((struct ps_config_sink *)into)->path = read_path(load, setting);
}

static const struct ps_key sink_keys[] = {
    {"kind", read_kind, "kind = \"file\", \"syslog\" or \"journal\""},
    {"path", read_sink_path, NULL},
};

static void read_events(struct ps_load *load, config_setting_t *list, void *into)
{
    struct ps_config *config = into;
    unsigned n = ps_load_groups(load, list, PS_CONFIG_SINKS_MAX, "places for events");
    config->sinks = ps_model_alloc(load->model, n * sizeof *config->sinks);
    for (unsigned i = 0; i < n; i++) {
        config_setting_t *group = ps_load_elem(list, i);
        if (!config_setting_is_group(group))
            continue;
        struct ps_config_sink *sink = &config->sinks[config->n_sinks++];
        sink->src = ps_load_place(load, group);
        ps_load_group(load, group, PS_KEYS(sink_keys), "a place for events", sink);
        bool is_file = sink->kind == PS_CONFIG_SINK_FILE, has_path = ps_load_member(group, "path") != NULL;
        if (is_file != has_path && sink->kind != PS_CONFIG_SINK_NONE && !load->partial)
            ps_load_plain_error(load, group, is_file ? "a file needs its path; add path = \"/var/log/penstock/events.jsonl\""
                                                     : "path goes with kind = \"file\"; remove it");
    }
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

static const struct ps_key file_keys[] = {
    {"gateway", read_gateway, "gateway = \"...\", as the plant file calls it"},
    {"plant", read_plant, NULL},
    {"io", read_io, NULL},
    {"ports", read_ports, "ports: { plant = \"eth1\"; field = \"eth2\"; }"},
    {"guard", read_guard, NULL},
    {"workers", read_workers, NULL},
    {"cpus", read_cpus, NULL},
    {"spread", read_spread, NULL},
    {"idle", read_idle, NULL},
    {"mtu", read_mtu, NULL},
    {"queue", read_queue, NULL},
    {"shape", read_shape, NULL},
    {"dead_man", read_dead_man, NULL},
    {"memory", read_memory, NULL},
    {"events", read_events, NULL},
    {"control", read_control, NULL},
    {"state", read_state, NULL},
    {"user", read_user, NULL},
    {"instance", read_instance, NULL},
    {"metrics", read_metrics, NULL},
};

/* What nobody obeys where the kernel judges alone. */
static void note_engine_key(const struct ps_load *load, config_setting_t *root, struct ps_config *config)
{
    static const char *const keys[] = {"workers", "cpus", "spread", "idle", "memory"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !config->engine_key; i++) {
        const config_setting_t *setting = ps_load_member(root, keys[i]);
        if (!setting)
            continue;
        config->engine_key = keys[i];
        config->engine_src = ps_load_place(load, setting);
    }
}

static void load_file(const struct ps_source *source, struct ps_config *config, struct ps_diags *diags)
{
    struct ps_load *load = calloc(1, sizeof *load);
    if (!load)
        abort();
    *load = (struct ps_load){
        .model = config->owner, .diags = diags, .source = source, .partial = source->mended, .budget = 1000000};
    config_t tree;
    config_init(&tree);
    if (ps_load_tree(load, &tree)) {
        config_setting_t *root = config_root_setting(&tree), *cpus = ps_load_member(root, "cpus");
        ps_load_group(load, root, PS_KEYS(file_keys), "penstockd.conf", config);
        note_engine_key(load, root, config);
        if (cpus && config->n_cpus != config->n_workers && !load->partial)
            ps_load_error(load, cpus, "names %u processors for workers = %u; name one for each worker", config->n_cpus,
                          config->n_workers);
    }
    config_destroy(&tree);
    free(load);
}

static bool load_source(struct ps_source *source, struct ps_config *config, struct ps_diags *diags, size_t n_errors)
{
    struct ps_model *model = config->owner;
    model->n_files = source->n_files;
    model->files = ps_model_alloc(model, source->n_files * sizeof *model->files);
    for (uint32_t i = 0; i < source->n_files; i++)
        model->files[i] = ps_model_strdup(model, source->files[i]);
    load_file(source, config, diags);
    ps_source_fini(source);
    ps_diags_sort(diags);
    return diags->n_errors == n_errors;
}

static void init(struct ps_config *config)
{
    *config = (struct ps_config){.owner = ps_model_new(), .plant = "/etc/penstock/plant.conf",
                                 .control = "/run/penstock/control.sock", .state = "/var/lib/penstock",
                                 .instance = "0", .n_workers = 1, .queue = QUEUE, .flows = 65536, .reassembly_kib = 4096};
    if (!config->owner)
        abort();
}

bool ps_config_load(const char *path, struct ps_config *config, struct ps_diags *diags)
{
    struct ps_source source;
    size_t n_errors = diags->n_errors;
    init(config);
    ps_source_read(&source, path, diags);
    return load_source(&source, config, diags, n_errors);
}

bool ps_config_parse(const char *text, const char *name, struct ps_config *config, struct ps_diags *diags)
{
    struct ps_source source;
    size_t n_errors = diags->n_errors;
    init(config);
    ps_source_from_text(&source, text, name, diags);
    return load_source(&source, config, diags, n_errors);
}

static void complain(const struct ps_config *config, struct ps_src at, struct ps_diags *diags, const char *text)
{
    ps_diag_add(diags, PS_SEV_ERROR, NULL, ps_config_file(config, at), at.line, NULL, "%s", text);
}

/* What would keep penstockd from starting, told with its line, and by --check. */
bool ps_config_fits_host(const struct ps_config *config, struct ps_diags *diags)
{
    size_t n_errors = diags->n_errors;
    char text[160];
    cpu_set_t set;

    if (config->user && !getpwnam(config->user)) {
        snprintf(text, sizeof text, "user: there is no user \"%.64s\" on this machine; make it, or name another", config->user);
        complain(config, config->user_src, diags, text);
    }
    if (strlen(config->control) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        complain(config, config->control_src, diags, "control: a socket's path has at most 107 characters; choose a shorter one");
    for (uint32_t i = 0; i < config->n_cpus && sched_getaffinity(0, sizeof set, &set) == 0; i++) {
        if (CPU_ISSET((size_t)config->cpus[i], &set))
            continue;
        snprintf(text, sizeof text, "cpus: penstockd may not run on a processor %d; 'nproc' and 'taskset -p $$' say which there are",
                 config->cpus[i]);
        complain(config, config->cpus_src, diags, text);
    }
    return diags->n_errors == n_errors;
}

/* The kernel forwards: what penstockd does with frames of its own does not go with it. */
static void suits_kernel(const struct ps_config *config, const char *backend, struct ps_diags *diags)
{
    for (uint32_t i = 0; i < config->n_ports; i++) {
        const struct ps_io_port *port = &config->ports[i];
        struct ps_device device;
        if (!ps_device_parse(port->device, &device) && device.kind == PS_DEVICE_NETDEV)
            continue;
        ps_diag_add(diags, PS_SEV_ERROR, NULL, port->file, port->line, NULL,
                    "port \"%s\" (%s): with io = \"%s\" the kernel forwards, and it knows netdevs alone; write \"eth1\"",
                    port->name, port->device, backend);
    }
    if (config->mtu != 0)
        complain(config, config->io_src, diags, "mtu goes with io = \"dpdk\": where the kernel forwards the netdevs' own counts; remove it");
    if (config->guard == PS_CONFIG_GUARD_NFTABLES)
        complain(config, config->guard_src, diags, "guard goes with io = \"dpdk\": here the kernel is to forward; remove it");
}

static void suits_nft(const struct ps_config *config, bool is_nft, struct ps_diags *diags)
{
    if (is_nft && config->engine_key)
        ps_diag_add(diags, PS_SEV_ERROR, NULL, ps_config_file(config, config->engine_src), config->engine_src.line, NULL,
                    "%s is for penstockd's own engine: with io = \"nft\" the kernel judges alone; remove it", config->engine_key);
    if (!is_nft && config->shape_src.line > 0)
        complain(config, config->shape_src, diags, "shape goes with io = \"nft\"; remove it");
    if (!is_nft && config->dead_man_src.line > 0)
        complain(config, config->dead_man_src, diags, "dead_man goes with io = \"nft\": without penstockd nothing judges here; remove it");
}

bool ps_config_suits(const struct ps_config *config, const char *backend, struct ps_diags *diags)
{
    size_t n_errors = diags->n_errors;
    bool is_nfqueue = strcmp(backend, "nfqueue") == 0, is_nft = strcmp(backend, "nft") == 0;
    if (!is_nfqueue && config->queue_src.line > 0)
        complain(config, config->queue_src, diags, "queue goes with io = \"nfqueue\"; remove it");
    suits_nft(config, is_nft, diags);
    if (is_nfqueue || is_nft)
        suits_kernel(config, backend, diags);
    return diags->n_errors == n_errors;
}

void ps_config_fini(struct ps_config *config)
{
    ps_model_free(config->owner);
    *config = (struct ps_config){0};
}

const char *ps_config_file(const struct ps_config *config, struct ps_src src)
{
    return src.line ? config->owner->files[src.file] : NULL;
}

void ps_config_findings_print(struct ps_diags *diags, FILE *out)
{
    static const char *const words[] = {"error", "warning", "accepted"};
    ps_diags_sort(diags);
    for (size_t i = 0; i < diags->n; i++) {
        const struct ps_diag *d = &diags->items[i];
        if (d->file && d->line)
            fprintf(out, "%s:%u: ", d->file, d->line);
        else if (d->file)
            fprintf(out, "%s: ", d->file);
        fprintf(out, "%s: %s", words[d->severity], d->text);
        fprintf(out, d->id[0] ? " [%s]\n" : "%s\n", d->id);
    }
}
