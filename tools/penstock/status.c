/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status.c - penstock status: how a running gateway is, on a few lines.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "live.h"
#include "text.h"

static const struct ps_option options[] = {PS_LIVE_OPTIONS};

static void print_count(const char *before, uint64_t n, const char *after)
{
    char text[PS_COUNT_TEXT_MAX];

    printf("%s%s%s", before, ps_text_count(n, text), after);
}

static void print_policy(const json_t *o)
{
    const json_t *policy = json_object_get(o, "policy");
    const char *plant = ps_live_text(o, "plant"), *origin = ps_live_text(policy, "origin");
    char age[32];

    ps_live_print_policy(o);
    printf(", up %s\n", ps_live_age(ps_live_number(o, "up_s"), age));
    if (ps_live_text(o, "plant_error")[0] != '\0')
        printf("%s%s is not in force: %s%s; %s%s\n", ps_text_colour(stdout, PS_COLOUR_RED), plant,
               ps_live_text(o, "plant_error"), ps_text_colour(stdout, PS_COLOUR_PLAIN),
               json_is_null(policy) ? "nothing is" : strcmp(origin, plant) == 0 ? "what it said before is" : "in force: ",
               json_is_null(policy) || strcmp(origin, plant) == 0 ? "" : origin);
    if (ps_live_number(policy, "confirm_within_s") > 0)
        printf("to be confirmed within %llu s, or it goes back: penstock confirm\n",
               (unsigned long long)ps_live_number(policy, "confirm_within_s"));
}

/* "af_xdp eth1" of net_af_xdp and af_xdp:eth1 */
static void print_device(const json_t *port)
{
    const char *driver = ps_live_text(port, "driver"), *device = ps_live_text(port, "device");
    size_t len;

    if (strncmp(driver, "net_", 4) == 0)
        driver += 4;
    len = strlen(driver);
    if (strncmp(device, driver, len) == 0 && device[len] == ':')
        device += len + 1;
    printf("%s %s %s%s", ps_live_text(port, "name"), driver, device, ps_live_yes(port, "link") ? "" : " DOWN");
}

/* What else did not get through, where there was some. */
static void print_more_drops(const json_t *port)
{
    static const struct {
        const char *key, *words;
    } more[] = {{"rx_unfit", " that do not fit"}, {"spread_lost", " between workers"}, {"tx_lost", " not sent in time"},
                {"tx_oversize", " too long to be sent"}};

    for (unsigned i = 0; i < sizeof more / sizeof more[0]; i++)
        if (ps_live_number(port, more[i].key) > 0)
            print_count(", ", ps_live_number(port, more[i].key), more[i].words);
}

/* Does the kernel judge alone? */
static bool is_kernel(const json_t *o)
{
    return json_is_object(json_object_get(o, "kernel"));
}

/* Does the kernel put packets into queues, and count there what is lost in front? */
static bool has_queues(const json_t *workers)
{
    return json_is_integer(json_object_get(json_array_get(workers, 0), "queue"));
}

static void print_queues(const json_t *workers)
{
    for (size_t i = 0; i < json_array_size(workers) && has_queues(workers); i++) {
        const json_t *worker = json_array_get(workers, i);

        printf("; queue %llu", (unsigned long long)ps_live_number(worker, "queue"));
        print_count(" (drops ", ps_live_number(worker, "queue_lost"), ", ");
        print_count("waiting ", ps_live_number(worker, "queue_waiting"), ")");
    }
}

/* What went past them. */
static void print_carried(const json_t *carried)
{
    if (json_is_object(carried))
        print_count("; carried ", ps_live_number(carried, "packets"), " packets past it");
}

static void print_ports(const json_t *o)
{
    const json_t *ports = json_object_get(o, "ports"), *workers = json_object_get(o, "workers");

    printf("io %s: ", ps_live_text(o, "io"));
    for (size_t i = 0; i < json_array_size(ports); i++) {
        const json_t *port = json_array_get(ports, i), *lost = json_object_get(port, "rx_lost");

        printf("%s", i > 0 ? ", " : "");
        print_device(port);
        if (json_is_null(lost))
            printf(" (drops %s", has_queues(workers) ? "by queue" : "unknown");
        else
            print_count(" (drops ", (uint64_t)json_integer_value(lost), "");
        print_more_drops(port);
        putchar(')');
    }
    print_queues(workers);
    print_carried(json_object_get(o, "carried"));
    if (!is_kernel(o))
        printf("; %zu worker%s", json_array_size(workers), ps_text_s(json_array_size(workers)));
    for (size_t i = 0; i < json_array_size(workers); i++)
        printf("%s%llu %% busy", i > 0 ? " and " : ", ",
               (unsigned long long)ps_live_number(json_array_get(workers, i), "busy_percent"));
    putchar('\n');
}

/* "field, lab", with something in front; how many there are. */
static size_t print_names(const char *before, const json_t *names)
{
    size_t n = json_array_size(names);

    for (size_t i = 0; i < n; i++)
        printf("%s%s", i > 0 ? ", " : before, json_string_value(json_array_get(names, i)));
    return n;
}

/* Why no better backend runs, and what is lost with this one. */
static void print_backend(const json_t *o)
{
    const json_t *passed = json_object_get(json_object_get(o, "backend"), "not_taken");

    for (size_t i = 0; i < json_array_size(passed); i++)
        printf("not %s: %s\n", ps_live_text(json_array_get(passed, i), "io"), ps_live_text(json_array_get(passed, i), "why"));
    if (print_names("less than with dpdk: ", json_object_get(json_object_get(o, "backend"), "lost")) > 0)
        putchar('\n');
}

static void print_guard(const json_t *o)
{
    const char *state = ps_live_text(o, "guard.state");
    bool broken = strcmp(state, "broken") == 0;

    if (state[0] == '\0' || is_kernel(o))
        return;
    printf("%sguard %s%s", ps_text_colour(stdout, broken ? PS_COLOUR_RED : PS_COLOUR_PLAIN), state,
           ps_text_colour(stdout, PS_COLOUR_PLAIN));
    if (ps_live_text(o, "guard.why")[0] != '\0')
        printf(" (%s)", ps_live_text(o, "guard.why"));
    print_names(", opens without penstockd: ", json_object_get(json_object_get(o, "guard"), "open"));
    print_names(", cannot open: ", json_object_get(json_object_get(o, "guard"), "closed"));
    if (ps_live_number(o, "guard.repairs") > 0)
        print_count(", repaired ", ps_live_number(o, "guard.repairs"), ps_live_number(o, "guard.repairs") == 1 ? " time" : " times");
    putchar('\n');
}

/* The rules of the plant file that the kernel enforces otherwise than penstockd's engine would. */
static void print_fates(const json_t *rules)
{
    static const struct {
        const char *key, *words;
    } fates[] = {{"exact", " exact"}, {"octets", " by octets"}, {"part", " in part refused"}, {"refused", " refused"},
                 {"open", " OPEN"}, {"queued", " queued"}};
    const char *before = "rules ";

    for (unsigned i = 0; i < sizeof fates / sizeof fates[0]; i++) {
        if (ps_live_number(rules, fates[i].key) == 0)
            continue;
        print_count(before, ps_live_number(rules, fates[i].key), fates[i].words);
        before = ", ";
    }
    if (before[0] == 'r')
        printf("no rules");
}

/* Where the kernel judges alone. */
static void print_kernel(const json_t *o)
{
    const json_t *kernel = json_object_get(o, "kernel");
    bool broken = strcmp(ps_live_text(kernel, "state"), "broken") == 0;

    if (!is_kernel(o))
        return;
    printf("%skernel %s%s, %s: ", ps_text_colour(stdout, broken ? PS_COLOUR_RED : PS_COLOUR_PLAIN), ps_live_text(kernel, "state"),
           ps_text_colour(stdout, PS_COLOUR_PLAIN), ps_live_text(kernel, "shape"));
    print_fates(json_object_get(kernel, "rules"));
    print_count("; refused besides ", ps_live_number(kernel, "refuses"), " of what the plant file allows");
    print_count(", not seen ", ps_live_number(kernel, "unseen"), ": penstock check --fallback lists both");
    if (ps_live_number(kernel, "dead_man_s") > 0)
        print_count("; closes ", ps_live_number(kernel, "dead_man_s"), " s after penstockd");
    if (ps_live_number(kernel, "repairs") > 0)
        print_count("; put back ", ps_live_number(kernel, "repairs"), ps_live_number(kernel, "repairs") == 1 ? " time" : " times");
    putchar('\n');
    if (ps_live_text(kernel, "why")[0] != '\0')
        printf("the kernel's rules are not those of the policy: %s\n", ps_live_text(kernel, "why"));
}

static void print_conduits(const json_t *o)
{
    const json_t *island = json_object_get(o, "island");
    size_t n = 0;

    printf("conduits %llu enforce, %llu monitor, ", (unsigned long long)ps_live_number(o, "conduits.enforce"),
           (unsigned long long)ps_live_number(o, "conduits.monitor"));
    if (ps_live_number(o, "conduits.closed") > 0)
        printf("%llu closed, ", (unsigned long long)ps_live_number(o, "conduits.closed"));
    printf("island ");
    if (!ps_live_yes(island, "all")) {
        n = print_names("on for zone ", json_object_get(island, "zones"));
        n += print_names(n > 0 ? " and conduit " : "on for conduit ", json_object_get(island, "conduits"));
    }
    printf("%s", ps_live_yes(island, "all") ? "ON" : n > 0 ? "" : "off");
    if (!is_kernel(o)) {
        print_count("; flows ", ps_live_number(o, "use.flows"), "");
        print_count(" of ", ps_live_number(o, "use.flows_max"), "");
        print_count(" (peak ", ps_live_number(o, "use.flows_peak"), ")");
    }
    print_count("; refusals ", ps_live_number(o, "refusals"), "");
    print_count("; events lost ", ps_live_number(o, "use.events_lost"), "\n");
}

/* Conduits that are not as the plant file says. */
static void print_modes(const json_t *o)
{
    const char *conduit;
    json_t *mode;

    json_object_foreach(json_object_get(o, "modes"), conduit, mode)
        printf("by hand: %s is in %s mode until 'penstock mode %s plant'\n", conduit, json_string_value(mode), conduit);
}

static void print_sinks(const json_t *o)
{
    const json_t *sinks = json_object_get(o, "sinks");

    for (size_t i = 0; i < json_array_size(sinks); i++) {
        const json_t *sink = json_array_get(sinks, i);

        if (ps_live_text(sink, "error")[0] == '\0')
            continue;
        printf("events to %s%s%s are held up: %s;", ps_live_text(sink, "kind"),
               json_object_get(sink, "path") != NULL ? " " : "", ps_live_text(sink, "path"), ps_live_text(sink, "error"));
        print_count(" ", ps_live_number(sink, "queued"), " wait,");
        print_count(" ", ps_live_number(sink, "lost"), " lost\n");
    }
}

static void print(const json_t *o)
{
    const json_t *last = json_object_get(o, "last_refusal");

    print_policy(o);
    print_ports(o);
    print_backend(o);
    print_guard(o);
    print_kernel(o);
    print_conduits(o);
    print_modes(o);
    print_sinks(o);
    if (last == NULL && is_kernel(o) && ps_live_number(o, "refusals") > 0) {
        puts("'penstock reasons' says why something was refused");
    } else if (last == NULL) {
        puts("nothing was refused since the start");
    } else {
        printf("last refusal ");
        ps_live_print_refusal(last, stdout);
    }
}

static int run(struct ps_args *args)
{
    struct ps_live_args live;
    int answer;

    if (!ps_live_args(args, 0, &live, &answer))
        return answer;
    return ps_live_show(&live, json_pack("{s:s}", "verb", "status"), print);
}

const struct ps_command ps_command_status = {
    .name = "status",
    .arguments = "",
    .line = "Say how the running gateway is",
    .help = "Policy in force, ports, workers, what is closed, how full the tables are, the last refusal.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};
