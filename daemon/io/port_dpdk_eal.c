/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_dpdk_eal.c - EAL: its memory, its arguments, and what it says.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "port_dpdk.h"

#define ARGS_MAX 64 /* more than two for each port and what there is besides */
#define MIB (UINT64_C(1) << 20)
#define BASE_MIB 32u /* besides the packets: EAL's own, rings, drivers */
#define POOL_MIB 2u  /* of a pool besides its buffers: a cache per thread that there may be */

/* ---- what drivers say ------------------------------------------------------------------------------------------ */

/* A driver that cannot open a port says why in a log line and returns -1; then those above it say that it did not work.
 * So the first line since it was asked is the reason. */
static char first_line[256];
static char library_line[256]; /* the same of what drivers rest on, which warns of much that does no harm */
static FILE *log_stream;

static void keep(char line[256], const char *text, size_t len)
{
    size_t end = 0;
    while (end < len && text[end] != '\n')
        end++;
    if (line[0] == '\0' && end > 0)
        snprintf(line, 256, "%.*s", (int)end, text);
}

static ssize_t log_write(void *cookie, const char *text, size_t len)
{
    (void)cookie;
    keep(first_line, text, len);
    return (ssize_t)len;
}

static void log_open(void)
{
    if (log_stream)
        return;
    log_stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = log_write});
    if (!log_stream)
        return;
    setvbuf(log_stream, NULL, _IOLBF, 512);
    rte_openlog_stream(log_stream);
}

/* What af_xdp rests on talks to standard error. DPDK loads it, so it is asked for by name. */
__attribute__((format(printf, 2, 0))) static int library_print(int level, const char *format, va_list list)
{
    char text[256];
    if (level == 0 && vsnprintf(text, sizeof text, format, list) > 0) /* 0: warnings and errors */
        keep(library_line, text, strlen(text));
    return 0;
}

static void quieten(const char *library, const char *setter)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (!handle)
        return;
    void *symbol = dlsym(handle, setter);
    int (*(*set)(int (*)(int, const char *, va_list)))(int, const char *, va_list);
    memcpy(&set, &symbol, sizeof set); /* ISO C has no cast from data to function */
    if (symbol)
        set(library_print);
    dlclose(handle);
}

void ps_dpdk_log_clear(void)
{
    if (log_stream)
        fflush(log_stream);
    first_line[0] = library_line[0] = '\0';
}

const char *ps_dpdk_log_reason(void)
{
    if (log_stream)
        fflush(log_stream);
    return first_line[0] ? first_line : library_line[0] ? library_line : "the driver does not say why";
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* Octets of hugepages of this size that are free, 0 when they cannot be had. */
static uint64_t free_huge(uint64_t size)
{
    char path[96];
    unsigned long n = 0;
    snprintf(path, sizeof path, "/sys/kernel/mm/hugepages/hugepages-%llukB/free_hugepages",
             (unsigned long long)(size >> 10));
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%lu", &n) != 1)
        n = 0;
    fclose(file);
    if (n == 0)
        return 0;
    int shift = __builtin_ctzll(size) << MAP_HUGE_SHIFT;
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | shift, -1, 0);
    if (page == MAP_FAILED)
        return 0;
    munmap(page, size);
    return n * size;
}

/* ---- arguments ------------------------------------------------------------------------------------------------- */

struct args {
    char *items[ARGS_MAX];
    int n;
};

__attribute__((format(printf, 2, 3))) static void add(struct args *args, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (args->n < ARGS_MAX - 1 && vasprintf(&args->items[args->n], format, list) >= 0)
        args->n++;
    va_end(list);
}

/* One lcore on all our processors: EAL would pin the calling thread and start a thread per processor. */
static void add_lcores(struct args *args)
{
    cpu_set_t set;
    char text[1024] = "";
    size_t len = 0;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && len + 8 < sizeof text; cpu++)
        if (CPU_ISSET(cpu, &set))
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%u", len ? "," : "", cpu);
    add(args, "--lcores");
    add(args, "0@(%s)", text);
}

static void add_memory(struct args *args, struct ps_io *io, uint64_t wanted)
{
    uint64_t huge = free_huge(2 * MIB) + free_huge(1024 * MIB);
    if (huge >= wanted) {
        add(args, "--in-memory");
        snprintf(io->memory, sizeof io->memory, "hugepages");
        return;
    }
    add(args, "--no-huge");
    add(args, "-m");
    add(args, "%llu", (unsigned long long)(wanted / MIB));
    add(args, "--no-shconf");
    snprintf(io->memory, sizeof io->memory, "%llu MiB of small pages", (unsigned long long)(wanted / MIB));
}

static void add_devices(struct args *args, const struct ps_io *io)
{
    int before = args->n;
    for (uint32_t i = 0; i < io->n_ports; i++) {
        if (io->ports[i].device.kind != PS_DEVICE_PCI)
            continue;
        add(args, "-a");
        add(args, "%s", io->ports[i].device.name);
    }
    if (args->n == before)
        add(args, "--no-pci");
}

/* What the packets of all ports need. */
static uint64_t wanted_memory(const struct ps_io *io)
{
    uint64_t room = ps_dpdk_frame_room(io->max_frame) + RTE_PKTMBUF_HEADROOM + sizeof(struct rte_mbuf) + 2 * RTE_CACHE_LINE_SIZE;
    uint64_t len = BASE_MIB * MIB + io->n_ports * (ps_dpdk_pool_size(io) * room * 21 / 20 + POOL_MIB * MIB);
    return (len + MIB - 1) / MIB * MIB;
}

bool ps_dpdk_eal_start(struct ps_io *io, const struct ps_io_config *config, struct ps_diags *diags)
{
    struct args args = {0};
    add(&args, "penstockd");
    add(&args, "--file-prefix");
    add(&args, "penstock-%s", config->instance ? config->instance : "0");
    add_lcores(&args);
    add_memory(&args, io, wanted_memory(io));
    add_devices(&args, io);
    add(&args, "--log-level");
    add(&args, "notice");
    log_open();
    ps_dpdk_log_clear();
    char *items[ARGS_MAX];
    memcpy(items, args.items, sizeof items); /* EAL reorders them */
    bool good = rte_eal_init(args.n, items) >= 0;
    if (!good)
        ps_diag_add(diags, PS_SEV_ERROR, NULL, NULL, 0, NULL, "DPDK does not start: %s (%s)", ps_dpdk_log_reason(),
                    rte_strerror(rte_errno));
    for (int i = 0; i < args.n; i++)
        free(args.items[i]);
    quieten("libbpf.so.1", "libbpf_set_print");
    quieten("libxdp.so.1", "libxdp_set_print");
    return good;
}

void ps_dpdk_eal_stop(void)
{
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", rte_eal_get_runtime_dir());
    rte_eal_cleanup();
    rmdir(dir); /* which it leaves behind, empty */
}
