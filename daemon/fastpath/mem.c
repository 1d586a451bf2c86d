/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mem.h"

#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

void *ps_mem_new(size_t size)
{
    void *mem = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mem == MAP_FAILED)
        return NULL;
    if (size >= HUGE_PAGE)
        (void)madvise(mem, size, MADV_HUGEPAGE); /* a wish: kernels without huge pages refuse it */
    return mem;
}

void ps_mem_free(void *mem, size_t size)
{
    if (mem)
        (void)munmap(mem, size ? size : 1);
}
