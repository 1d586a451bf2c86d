/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "text.h"

static void add(struct ps_inputs *inputs, const char *path, const struct stat *st)
{
    if (inputs->n == inputs->capacity) {
        inputs->capacity = inputs->capacity == 0 ? 16 : 2 * inputs->capacity;
        inputs->items = ps_need(realloc(inputs->items, inputs->capacity * sizeof *inputs->items));
    }
    inputs->items[inputs->n].path = ps_need(strdup(path));
    inputs->items[inputs->n++].size = st != NULL && S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
}

static void cannot(struct ps_inputs *inputs, const char *path, const char *why)
{
    fprintf(stderr, "%s: error: %s\n", path, why);
    inputs->n_errors++;
}

static bool named_like_a_capture(const char *name)
{
    static const char *const endings[] = {".pcap", ".pcapng", ".cap", ".ntar", ".pcap.gz", ".pcapng.gz", ".cap.gz"};
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (len > strlen(endings[i]) && strcmp(name + len - strlen(endings[i]), endings[i]) == 0)
            return true;
    return false;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static void walk(struct ps_inputs *inputs, const char *directory);

static void entry(struct ps_inputs *inputs, const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        cannot(inputs, path, strerror(errno));
    } else if (S_ISDIR(st.st_mode)) {
        walk(inputs, path);
    } else if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        if (ps_capture_sniff(path) || named_like_a_capture(path))
            add(inputs, path, &st);
        else
            inputs->n_skipped++;
    } else {
        inputs->n_skipped++;
    }
}

static void walk(struct ps_inputs *inputs, const char *directory)
{
    struct dirent **entries;
    int n = scandir(directory, &entries, not_dots, by_name);
    size_t len = strlen(directory);

    if (n < 0) {
        cannot(inputs, directory, strerror(errno));
        return;
    }
    while (len > 1 && directory[len - 1] == '/')
        len--;
    for (int i = 0; i < n; i++) {
        char *path = ps_need(malloc(len + strlen(entries[i]->d_name) + 2));

        memcpy(path, directory, len);
        path[len] = '/';
        strcpy(path + len + 1, entries[i]->d_name);
        entry(inputs, path);
        free(path);
        free(entries[i]);
    }
    free(entries);
}

void ps_inputs_collect(struct ps_inputs *inputs, char *const *paths, size_t n)
{
    memset(inputs, 0, sizeof *inputs);
    for (size_t i = 0; i < n; i++) {
        struct stat st;

        if (strcmp(paths[i], "-") == 0)
            add(inputs, paths[i], NULL);
        else if (stat(paths[i], &st) != 0)
            cannot(inputs, paths[i], strerror(errno));
        else if (S_ISDIR(st.st_mode))
            walk(inputs, paths[i]);
        else
            add(inputs, paths[i], &st);
    }
}

void ps_inputs_fini(struct ps_inputs *inputs)
{
    for (size_t i = 0; i < inputs->n; i++)
        free(inputs->items[i].path);
    free(inputs->items);
    memset(inputs, 0, sizeof *inputs);
}
