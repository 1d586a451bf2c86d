/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary.c - schedules by the seed against a gateway, or the ones in files; a failing one is shrunk and printed.
 *
 *     adversary [--gateway=inline] [--schedules=100000] [--from=0] [--seed=1] [--honest | --hostile | --calm] [--only=app,denied]
 *               [--progress] [--trace] [--keep-going=N] [--cases=FOLDER] [FILE...]
 *
 * The files and the folder's *.txt are run first. Seed and number name a schedule for as long as the generator stays as it
 * is; what is printed for a failure is the schedule itself, and can be kept as a file in adversary_cases. --from: the number
 * of the first schedule, so that several processes can share a long run (docs/adversary.md).
 *
 * --raw: failures are not shrunk. --strict: a network without faults, hosts without laxities; what is left of differences is
 * how a receiver puts overlaps together. --expect=NAME,...: the gateway is known to be bad; 0 when each of these was found.
 */
#include "adversary.h"

#include <dirent.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 16384u

struct run {
    struct adv_gateway *gateway;
    uint64_t schedules, from, seed, done, failures, keep_going;
    int kind, policy; /* policy: of both receivers; ADV_N_POLICIES: as generated */
    const char *cases; /* folder */
    bool progress, trace, raw; /* raw: failures are not shrunk */
    bool strict; /* nothing happens to packets on their way, and the hosts have no laxities */
    unsigned expected;
    uint64_t refused, allowed, completed;
};

static struct adv_world world;

static void report(struct run *run, struct adv_schedule *schedule, uint64_t number)
{
    enum adv_violation what = world.violation;
    uint32_t runs;

    printf("# %s: %s\n# schedule %" PRIu64 " of seed %" PRIu64 ", gateway %s\n", adv_violation_names[what], world.text,
           number, run->seed, run->gateway->name);
    if (run->raw)
        return;
    runs = adv_shrink(&world, schedule, run->gateway);
    printf("# shrunk in %u runs: %s\n", runs, world.text);
    adv_write(schedule, stdout);
    printf("\n");
    fflush(stdout);
}

static bool run_one(struct run *run, struct adv_schedule *schedule, uint64_t number)
{
    world.trace = run->trace;
    enum adv_violation what = adv_run(&world, schedule, run->gateway);

    world.trace = false;
    run->allowed += world.stream[0].n_allowed + world.stream[1].n_allowed;
    run->refused += world.stream[0].n_refused + world.stream[1].n_refused;
    run->completed += adv_host_closed(&world.host[0]) && adv_host_closed(&world.host[1]);
    if (what == ADV_NO_VIOLATION)
        return true;
    run->failures++;
    if (!run->expected)
        report(run, schedule, number);
    return false;
}

static bool run_file(struct run *run, const char *name)
{
    static char text[FILE_MAX];
    struct adv_schedule schedule;
    FILE *file = fopen(name, "r");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;

    if (file)
        fclose(file);
    text[len] = '\0';
    const char *wrong = file ? adv_read(&schedule, text) : "cannot be read";
    if (wrong) {
        fprintf(stderr, "%s: %s\n", name, wrong);
        exit(2);
    }
    world.trace = run->trace;
    enum adv_violation what = adv_run(&world, &schedule, run->gateway);
    world.trace = false;
    if (what != ADV_NO_VIOLATION) {
        printf("%s: %s: %s\n", name, adv_violation_names[what], world.text);
        run->failures++;
    }
    return what == ADV_NO_VIOLATION;
}

static int is_case(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 4 && strcmp(entry->d_name + len - 4, ".txt") == 0;
}

static void run_cases(struct run *run)
{
    struct dirent **entries;
    char name[512];
    int n = scandir(run->cases, &entries, is_case, alphasort);

    if (n <= 0) {
        fprintf(stderr, "%s: holds no cases\n", run->cases);
        exit(2);
    }
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s/%s", run->cases, entries[i]->d_name);
        run_file(run, name);
        free(entries[i]);
    }
    free(entries);
    printf("# %d cases\n", n);
}

/* Names with commas between them into bits; exits when there is no such name. */
static unsigned violations(char *names)
{
    unsigned bits = 0;

    for (char *rest = NULL, *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        unsigned v = 1;
        while (v < ADV_N_VIOLATIONS && strcmp(adv_violation_names[v], name) != 0)
            v++;
        if (v == ADV_N_VIOLATIONS) {
            fprintf(stderr, "adversary: no violation is called %s\n", name);
            exit(2);
        }
        bits |= 1u << v;
    }
    return bits;
}

static struct adv_gateway *gateway_named(const char *name)
{
    struct adv_gateway *const all[] = {&adv_gateway_wire, &adv_gateway_wall, &adv_gateway_eager, &adv_gateway_passive,
                                       &adv_gateway_inline};

    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    fprintf(stderr, "adversary: no gateway is called %s\n", name);
    exit(2);
}

static int policy_named(const char *name)
{
    for (int i = 0; i < ADV_N_POLICIES; i++)
        if (strcmp(adv_policy_names[i], name) == 0)
            return i;
    fprintf(stderr, "adversary: no receiver has the policy %s\n", name);
    exit(2);
}

static void usage(void)
{
    puts("adversary [--gateway=wire|wall|eager|passive|inline] [--schedules=N] [--seed=N] [--honest | --hostile | --calm]\n"
         "          [--only=VIOLATION,...] [--expect=VIOLATION,...] [--keep-going=N] [--from=N] [--progress] [--trace] [--raw] [--strict]\n"
         "          [--policy=first|last|bsd|linux|windows|device]\n"
         "          [--cases=FOLDER] [FILE...]\n"
         "A long run on two processors: --schedules=5000000 --progress, and the same with --from=5000000");
}

static void options(struct run *run, int argc, char **argv)
{
    static const struct option list[] = {
        {"gateway", required_argument, NULL, 'g'},  {"schedules", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},     {"honest", no_argument, NULL, 'h'},
        {"calm", no_argument, NULL, 'q'},           {"hostile", no_argument, NULL, 'a'},
        {"only", required_argument, NULL, 'o'},
        {"expect", required_argument, NULL, 'e'},   {"keep-going", required_argument, NULL, 'k'},
        {"progress", no_argument, NULL, 'p'},       {"trace", no_argument, NULL, 't'},
        {"raw", no_argument, NULL, 'w'},            {"strict", no_argument, NULL, 'l'},
        {"from", required_argument, NULL, 'f'},     {"policy", required_argument, NULL, 'r'},
        {"cases", required_argument, NULL, 'c'},  {"help", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0}};
    unsigned only = UINT32_MAX;

    for (int c; (c = getopt_long(argc, argv, "", list, NULL)) != -1;) {
        switch (c) {
        case 'g':
            run->gateway = gateway_named(optarg);
            break;
        case 'n':
            run->schedules = strtoull(optarg, NULL, 0);
            break;
        case 's':
            run->seed = strtoull(optarg, NULL, 0);
            break;
        case 'f':
            run->from = strtoull(optarg, NULL, 0);
            break;
        case 'r':
            run->policy = policy_named(optarg);
            break;
        case 'c':
            run->cases = optarg;
            break;
        case 'k':
            run->keep_going = strtoull(optarg, NULL, 0);
            break;
        case 'h':
        case 'a':
        case 'q':
            run->kind = c == 'h' ? 1 : c == 'a' ? 2 : 3;
            break;
        case 'o':
            only = violations(optarg);
            break;
        case 'e':
            run->expected = violations(optarg);
            break;
        case 'p':
            run->progress = true;
            break;
        case 't':
            run->trace = true;
            break;
        case 'w':
            run->raw = true;
            break;
        case 'l':
            run->strict = true;
            break;
        default:
            usage();
            exit(c == 'H' ? 0 : 2);
        }
    }
    run->gateway->checks = only;
}

/* Seed and number, mixed so that neighbours have nothing in common. */
static uint64_t seed_of(uint64_t seed, uint64_t number)
{
    return seed * UINT64_C(0xd1342543de82ef95) + number * UINT64_C(0xda942042e4dd58b5);
}

static void simplify(struct adv_schedule *schedule)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < schedule->n_steps; i++)
        if (schedule->steps[i].verb != ADV_FAULT)
            schedule->steps[n++] = schedule->steps[i];
    schedule->n_steps = n;
    schedule->setup[ADV_LAX] = schedule->setup[ADV_LAX1] = 0;
}

static void run_schedules(struct run *run)
{
    struct adv_schedule schedule;

    for (uint64_t i = run->from; i < run->from + run->schedules; i++) {
        adv_generate(&schedule, seed_of(run->seed, i), run->kind);
        if (run->policy != ADV_N_POLICIES)
            schedule.setup[ADV_POLICY] = schedule.setup[ADV_POLICY1] = run->policy;
        if (run->strict)
            simplify(&schedule);
        run->done++;
        if (!run_one(run, &schedule, i) && run->failures >= run->keep_going)
            return;
        if (run->progress && run->done % 100000 == 0)
            fprintf(stderr, "%" PRIu64 " schedules, %" PRIu64 " failures\n", run->done, run->failures);
    }
}

/* Each of the expected violations by itself: a schedule ends with its first one. */
static int run_expecting(struct run *run)
{
    int missing = 0;

    for (unsigned v = 1; v < ADV_N_VIOLATIONS; v++) {
        if (!(run->expected & 1u << v))
            continue;
        run->gateway->checks = 1u << v;
        run->failures = run->done = 0;
        run_schedules(run);
        printf("# %s: %s after %" PRIu64 " schedules\n", adv_violation_names[v], run->failures ? "found" : "NOT FOUND",
               run->done);
        missing |= run->failures == 0;
    }
    return missing;
}

int main(int argc, char **argv)
{
    struct run run = {.gateway = &adv_gateway_inline, .schedules = 100000, .seed = 1, .keep_going = 1,
                      .policy = ADV_N_POLICIES};

    options(&run, argc, argv);
    if (run.expected)
        return run_expecting(&run);
    if (run.cases)
        run_cases(&run);
    for (int i = optind; i < argc; i++)
        run_file(&run, argv[i]);
    run_schedules(&run);
    printf("# %s: %" PRIu64 " schedules, %" PRIu64 " PDUs allowed, %" PRIu64 " refused, %" PRIu64
           " exchanges closed, %" PRIu64 " failures\n", run.gateway->name, run.done, run.allowed, run.refused,
           run.completed, run.failures);
    return run.failures > 0;
}
