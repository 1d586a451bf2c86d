/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - penstockd: what is started in which order, and what is given up on the way.
 */
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "config.h"
#include "daemon.h"
#include "findings_json.h"
#include "json.h"
#include "loader.h"
#include "notify.h"
#include "sandbox.h"
#include "sinks.h"

enum { EXIT_FINE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2 };

struct options {
    const char *config;
    bool check, remove_guard;
};

static const char help[] =
    "Usage: penstockd [OPTION]...\n"
    "The gateway: judges what crosses it by the plant file.\n\n"
    "  -c, --config=FILE  the configuration; " PS_CONFIG_PATH " without it\n"
    "      --check        say what is wrong with the configuration and the plant file, and change nothing\n"
    "      --remove-guard  take away what keeps the kernel off the ports after penstockd has ended\n"
    "  -h, --help         show this\n"
    "  -V, --version      say which penstockd this is\n\n"
    "Exit status: 0 ended as asked, 1 it could not be done, 2 wrong usage. 'penstock status' looks at a running one.\n";

/* ---- options --------------------------------------------------------------------------------------------------- */

/* -1: go on, else the exit code. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option words[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"remove-guard", no_argument, NULL, 'g'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {NULL, 0, NULL, 0}};

    for (int letter; (letter = getopt_long(argc, argv, "c:hV", words, NULL)) != -1;) {
        switch (letter) {
        case 'c':
            options->config = optarg;
            break;
        case 'k':
            options->check = true;
            break;
        case 'g':
            options->remove_guard = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_FINE;
        case 'V':
            puts("penstockd " PENSTOCK_VERSION);
            return EXIT_FINE;
        default:
            fputs("'penstockd --help' lists the options\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "penstockd: unknown argument '%s'\n'penstockd --help' lists the options\n", argv[optind]);
    return EXIT_USAGE;
}

static bool complain(const struct ps_error *err)
{
    fprintf(stderr, "penstockd: error: %s\n", err->text);
    return false;
}

/* ---- starting -------------------------------------------------------------------------------------------------- */

static gid_t group_of(const char *name)
{
    const struct group *group = getgrnam(name);

    return group != NULL ? group->gr_gid : (gid_t)-1;
}

static bool make_crew(struct ps_daemon *daemon)
{
    static const struct ps_ways no_ways; /* before there is a policy nothing leaves */
    const struct ps_config *config = daemon->config;
    struct ps_engine_config engine;
    struct ps_error err;

    ps_engine_config_init(&engine);
    engine.inline_ = true;
    engine.checksums = PS_CHECKSUMS_STRICT;
    engine.n_flows = config->flows;
    engine.n_datagrams = config->reassembly_kib / 64;
    if (getrandom(engine.hash_seed, sizeof engine.hash_seed, 0) != sizeof engine.hash_seed)
        return ps_error_errno(&err, "cannot draw a random seed") || complain(&err);
    const struct ps_crew_config crew = {.io = daemon->io, .n_ports = config->n_ports,
                                        .n_workers = ps_io_has_workers() ? config->n_workers : 0,
                                        .engine = &engine, .image = NULL, .ways = &no_ways,
                                        .spin = config->spin,
                                        .cpus = config->n_cpus > 0 ? config->cpus : NULL};

    daemon->crew = ps_crew_new(&crew, err.text, sizeof err.text);
    return daemon->crew != NULL || complain(&err);
}

static bool start_server(struct ps_daemon *daemon, uid_t owner)
{
    struct ps_server_config server = {.path = daemon->config->control, .owner = owner,
                                      .readers = group_of("penstock"), .admins = group_of("penstock-admin"),
                                      .on_request = ps_daemon_request, .ctx = daemon};
    struct ps_error err;

    daemon->server = ps_server_new(&server, &err);
    daemon->journal.server = daemon->server;
    return daemon->server != NULL || complain(&err);
}

/* Listens while it may. */
static bool open_metrics(struct ps_daemon *daemon)
{
    struct ps_error err;

    if (daemon->config->metrics != NULL)
        daemon->metrics = ps_metrics_open(daemon->config->metrics, &err);
    return daemon->config->metrics == NULL || daemon->metrics != NULL || complain(&err);
}

/* From here on: no user but its own, no capability but the one that keeps the kernel guard, which is this thread's. */
static bool give_up_privileges(const struct ps_config *config)
{
    static const int kept[] = {CAP_NET_ADMIN};
    struct ps_sandbox_daemon keep = {.kept = kept, .n_kept = geteuid() == 0 ? 1 : 0};
    const struct passwd *user = config->user != NULL ? getpwnam(config->user) : NULL;
    struct ps_error err;

    if (config->user != NULL && user == NULL) {
        ps_error_say(&err, "user: there is no user \"%s\" on this machine", config->user);
        return complain(&err);
    }
    if (user != NULL && geteuid() == 0) {
        keep.uid = user->pw_uid;
        keep.gid = user->pw_gid;
    }
    return ps_sandbox_daemon(&keep, &err) || complain(&err);
}

static bool guard_ports(void *daemon, const struct ps_io_netdev *netdevs, struct ps_diags *diags)
{
    return ps_guarding_begin(daemon, netdevs, diags);
}

static bool suits(const struct ps_config *config, const char *backend, struct ps_diags *diags)
{
    if (ps_io_has(backend))
        return ps_config_suits(config, backend, diags);
    ps_diag_add(diags, PS_SEV_ERROR, NULL, ps_config_file(config, config->io_src), config->io_src.line, NULL,
                "this penstockd was built without %s; write io = \"%s\"", backend, ps_io_backend());
    return false;
}

/* Where nothing works for "auto", only running takes that it does. */
static bool is_possible(const struct ps_config *config, const struct ps_backend *backend, bool run, struct ps_diags *diags)
{
    if (backend->name != NULL || !run)
        return suits(config, backend->name != NULL ? backend->name : ps_io_backend(), diags);
    for (uint32_t i = 0; i < backend->n_passed; i++) {
        const struct ps_backend_passed *passed = &backend->passed[i];

        ps_diag_add(diags, PS_SEV_ERROR, NULL, passed->port != NULL ? passed->port->file : ps_config_file(config, config->io_src),
                    passed->port != NULL ? passed->port->line : config->io_src.line, NULL, "io \"%s\" does not work here: %s",
                    passed->name, passed->why);
    }
    return false;
}

static bool is_asked(void)
{
    return strcmp(ps_io_backend(), "nfqueue") == 0;
}

/* Threads of libraries keep no capabilities, nor do workers, but those that send the kernel their verdicts: it asks for
 * CAP_NET_ADMIN each time. They have what the first thread has when they begin. */
static bool run_crew(struct ps_daemon *daemon, struct ps_error *err)
{
    bool verdicts = is_asked();

    return (!verdicts || ps_sandbox_other_threads(err) || complain(err)) &&
           (ps_crew_run(daemon->crew, err->text, sizeof err->text) || complain(err)) &&
           (verdicts || ps_sandbox_other_threads(err) || complain(err));
}

/* Whose rules are in the kernel: the guard's, or those that bring packets to queues, or those that judge. */
static bool begin_rules(struct ps_daemon *daemon)
{
    struct ps_error err;

    if (!ps_io_has_workers() && (!ps_enforcing_begin(daemon, &err) || !ps_hearing_begin(daemon, &err)))
        return complain(&err);
    if (is_asked() || !ps_io_has_workers())
        ps_guarding_none(daemon); /* its own rules are in place now */
    if (ps_io_has_workers())
        ps_enforcing_none(daemon);
    return true;
}

static bool open_ports(struct ps_daemon *daemon, struct ps_diags *diags)
{
    const struct ps_config *config = daemon->config;
    struct ps_io_config io = {.backend = daemon->backend->name, .queue = config->queue, .ports = config->ports,
                              .n_ports = config->n_ports, .n_workers = config->n_workers, .mtu = config->mtu,
                              .by_host = config->by_host, .instance = config->instance, .on_taken = guard_ports,
                              .ctx = daemon};
    bool good = strcmp(io.backend, "nft") != 0 || ps_enforcing_shape(daemon, diags);

    io.promiscuous = daemon->enforcing.shape == PS_NFT_BUMP;
    if (good)
        daemon->io = ps_io_open(&io, diags);
    ps_config_findings_print(diags, stderr);
    return daemon->io != NULL && begin_rules(daemon);
}

/* ---- what it did ------------------------------------------------------------------------------------------------ */

static void print_port(struct ps_io *io, const struct ps_config *config, uint32_t port)
{
    struct ps_io_stats s;
    ps_io_stats(io, port, &s);
    printf("port %s: %s, %s, rx %" PRIu64 " packets %" PRIu64 " octets, tx %" PRIu64 " packets %" PRIu64
           " octets, lost %s%" PRIu64 " in front, %" PRIu64 " between workers, %" PRIu64 " behind, unfit %" PRIu64
           " in, %" PRIu64 " out\n",
           config->ports[port].name, s.driver, s.link_up ? "up" : "down", s.rx_packets, s.rx_bytes, s.tx_packets,
           s.tx_bytes, s.rx_lost_known ? "" : "at least ", s.rx_lost, s.spread_lost, s.tx_lost, s.rx_unfit,
           s.tx_oversize);
}

static void print_worker(struct ps_crew *crew, uint32_t worker)
{
    const struct ps_engine_stats *s = ps_engine_stats(ps_crew_engine(crew, worker));
    struct ps_progress p;
    ps_crew_progress(crew, worker, &p);
    printf("worker %u: %" PRIu64 " packets, %" PRIu64 " passed, %" PRIu64 " dropped, %" PRIu64 " flows, PDUs %" PRIu64
           " allowed %" PRIu64 " denied, %" PRIu64 " frames of its own, %" PRIu64 " stayed, %" PRIu64 " %% busy\n",
           worker, s->packets, s->passed, s->dropped, s->flows, s->pdus_allowed, s->pdus_denied, s->sent_frames, p.stayed,
           100 * p.busy_ns / (p.busy_ns + p.idle_ns + 1));
}

static void print_all(const struct ps_daemon *daemon)
{
    for (uint32_t i = 0; i < daemon->config->n_ports; i++)
        print_port(daemon->io, daemon->config, i);
    for (uint32_t i = 0; i < ps_crew_n_workers(daemon->crew); i++)
        print_worker(daemon->crew, i);
}

static int run(const struct ps_config *config, const struct ps_backend *backend, struct ps_diags *diags)
{
    const char *names[PS_IO_PORTS_MAX];
    struct ps_daemon daemon = {.config = config, .backend = backend, .port_names = names, .state.dir_fd = -1,
                               .guarding.lock = -1, .enforcing.lock = -1};
    struct ps_error err;
    uid_t owner = geteuid();
    bool good;

    ps_backend_print(backend, "penstockd: ", stderr);
    ps_reload_init(&daemon.reload);
    ps_crew_keep_off(config->cpus, config->n_cpus);
    for (uint32_t i = 0; i < config->n_ports; i++)
        names[i] = config->ports[i].name;
    good = ps_statedir_open(&daemon.state, config->state, &err) || complain(&err);
    /* The socket first: a second daemon ends there, before it has touched the ports of the one that runs. */
    good = good && start_server(&daemon, owner) && open_ports(&daemon, diags) && make_crew(&daemon);
    good = good && open_metrics(&daemon) && give_up_privileges(config);
    if (good) /* behind that, so that their threads have none either */
        daemon.journal.sinks = ps_sinks_new(config, &err);
    good = good && (daemon.journal.sinks != NULL || complain(&err));
    good = good && (daemon.metrics == NULL || ps_metrics_serve(daemon.metrics, &err) || complain(&err));
    if (good)
        ps_daemon_start(&daemon);
    good = good && run_crew(&daemon, &err);
    if (good) {
        ps_notify("READY=1");
        fprintf(stderr, "penstockd: ready; 'penstock status' says how it is\n");
        ps_daemon_run(&daemon);
        ps_notify_now("STOPPING=1");
        ps_crew_stop(daemon.crew);
        print_all(&daemon);
    } else {
        ps_guarding_undo(&daemon.guarding, config);
    }
    ps_daemon_stop(&daemon);
    ps_sinks_free(daemon.journal.sinks);
    ps_io_close(daemon.io);
    ps_statedir_close(&daemon.state);
    return good ? EXIT_FINE : EXIT_ERROR;
}

/* ---- --check ---------------------------------------------------------------------------------------------------- */

static bool check_plant(const struct ps_config *config, const struct ps_backend *backend)
{
    const char *names[PS_IO_PORTS_MAX];
    struct ps_policies policies = {.gateway = config->gateway, .ports = names, .n_ports = config->n_ports};
    struct ps_loaded loaded;
    struct ps_error err;
    json_t *findings;
    bool good;

    for (uint32_t i = 0; i < config->n_ports; i++)
        names[i] = config->ports[i].name;
    good = ps_loader_run(NULL, config->plant, &loaded, &findings, &err);
    ps_findings_text(findings, stderr);
    good = good && ps_policies_fits(&policies, &loaded.image, &err) &&
           (backend->name == NULL || strcmp(backend->name, "nft") != 0 || ps_enforcing_fits(config, &loaded.image, &err));
    ps_backend_print(backend, "", stdout);
    if (good)
        printf("fine; plant %s, policy %.8s\n", config->plant, loaded.digest);
    else
        complain(&err);
    ps_loaded_fini(&loaded);
    json_decref(findings);
    return good;
}

static bool remove_guard(const struct ps_config *config)
{
    struct ps_error err;

    return ps_guarding_remove(config, &err) || complain(&err);
}

static int load_and_run(const struct options *options)
{
    struct ps_config config;
    struct ps_backend backend;
    struct ps_diags diags;
    bool wants_run = !options->check && !options->remove_guard;
    int answer = EXIT_ERROR;
    bool good;

    ps_diags_init(&diags);
    good = ps_config_load(options->config, &config, &diags) &&
           (options->remove_guard || ps_config_fits_host(&config, &diags));
    if (good) {
        ps_backend_choose(&backend, &config, &ps_backend_host);
        good = is_possible(&config, &backend, wants_run, &diags);
    }
    if (!good || options->check)
        ps_config_findings_print(&diags, stderr);
    if (good && options->remove_guard)
        answer = remove_guard(&config) ? EXIT_FINE : EXIT_ERROR;
    else if (good && options->check)
        answer = check_plant(&config, &backend) ? EXIT_FINE : EXIT_ERROR;
    else if (good)
        answer = run(&config, &backend, &diags);
    ps_config_fini(&config);
    ps_diags_fini(&diags);
    return answer;
}

int main(int argc, char **argv)
{
    struct options options = {.config = PS_CONFIG_PATH};
    int answer = read_options(argc, argv, &options);
    sigset_t set;

    if (answer >= 0)
        return answer;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL); /* they are read, in this thread alone */
    return load_and_run(&options);
}
