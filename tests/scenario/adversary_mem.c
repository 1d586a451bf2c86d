/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_mem.c - the engine's memory in place of the library's own (mem.h): every schedule has an engine of its own,
 * and to ask the system for the same small blocks again and again would take most of the time.
 */
#include "mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define KEPT_MAX 64u
#define SMALL ((size_t)1 << 16) /* a larger block is hardly touched: the system has it zero at once */

static struct {
    void *mem;
    size_t size;
} kept[KEPT_MAX];
static unsigned n_kept;

static size_t rounded(size_t size)
{
    return (size + 63) / 64 * 64 + (size == 0 ? 64 : 0);
}

void *ps_mem_new(size_t size)
{
    size_t len = rounded(size);

    if (len > SMALL) {
        void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return mem == MAP_FAILED ? NULL : mem;
    }
    for (unsigned i = 0; i < n_kept; i++) {
        if (kept[i].size != len)
            continue;
        void *mem = kept[i].mem;
        kept[i] = kept[--n_kept];
        return memset(mem, 0, len);
    }
    void *mem = aligned_alloc(64, len);
    return mem ? memset(mem, 0, len) : NULL;
}

void ps_mem_free(void *mem, size_t size)
{
    size_t len = rounded(size);

    if (!mem)
        return;
    if (len > SMALL)
        (void)munmap(mem, len);
    else if (n_kept == KEPT_MAX)
        free(mem);
    else
        kept[n_kept].mem = mem, kept[n_kept++].size = len;
}
