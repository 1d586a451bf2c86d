/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * seeds_main.c - where libFuzzer is not there: run a fuzz target over each file of the given directories once, so that
 * its seeds, and every input that once found a bug, are tests in all builds.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs one file from an exact heap copy. Returns 1, or 0 when there is no such file. */
static unsigned run_file(const char *dir, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    long len = ftell(file);
    uint8_t *data = len >= 0 ? malloc(len > 0 ? (size_t)len : 1) : NULL;
    rewind(file);
    if (!data || fread(data, 1, (size_t)len, file) != (size_t)len) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)len);
    free(data);
    return 1;
}

static unsigned run_dir(const char *path)
{
    unsigned n = 0;
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.')
            n += run_file(path, entry->d_name);
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    for (int i = 1; i < argc; i++)
        n += run_dir(argv[i]);
    printf("%u inputs\n", n);
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
