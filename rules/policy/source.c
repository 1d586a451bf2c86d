/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ps_source_error(struct ps_source *source, struct ps_src at, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    const char *file = source->n_files > at.file ? source->files[at.file] : NULL;
    ps_diag_add(source->diags, PS_SEV_ERROR, NULL, file, at.line, NULL, "%s", text);
    free(text);
}

uint32_t ps_source_file(struct ps_source *source, const char *path)
{
    for (uint32_t i = 0; i < source->n_files; i++)
        if (strcmp(source->files[i], path) == 0)
            return i;
    if (source->n_files >= PS_SOURCE_MAX_FILES)
        return PS_NONE;
    char **files = reallocarray(source->files, source->n_files + 1, sizeof *files);
    if (!files)
        abort();
    source->files = files;
    files[source->n_files] = strdup(path);
    if (!files[source->n_files])
        abort();
    return source->n_files++;
}

bool ps_source_is_stdin(const char *path)
{
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0;
}

/* All of fd, as far as the limit goes. expected: octets that it is likely to have. NULL with errno. */
static char *read_all(int fd, size_t expected, size_t limit, size_t *len)
{
    size_t capacity = (expected < limit ? expected : limit) + 64 * 1024;
    char *text = malloc(capacity);
    *len = 0;
    while (text) {
        ssize_t n = read(fd, text + *len, capacity - *len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            text[*len] = '\0';
            if (n == 0)
                return text;
            break;
        }
        *len += (size_t)n;
        if (*len > limit) {
            errno = EFBIG;
            break;
        }
        if (capacity - *len < 2) {
            char *larger = realloc(text, 2 * capacity);
            if (!larger)
                break;
            text = larger;
            capacity *= 2;
        }
    }
    int error = errno;
    free(text);
    errno = error;
    return NULL;
}

static const char *open_remedy(int error)
{
    switch (error) {
    case ENOENT:
        return "check the name";
    case EACCES:
        return "let this user read it";
    case EISDIR:
        return "name a file, not a directory";
    case ENOTSUP:
        return "only regular files are included";
    case EFBIG:
        return "all files together may have 512 MiB";
    default:
        return "check the file";
    }
}

char *ps_source_slurp(struct ps_source *source, const char *path, struct ps_src from, size_t *len)
{
    bool included = from.line > 0;
    int fd = ps_source_is_stdin(path) && !included ? STDIN_FILENO
                                                   : open(path, O_RDONLY | O_CLOEXEC | (included ? O_NONBLOCK : 0));
    char *text = NULL;
    struct stat st = {.st_size = 0};
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        errno = EISDIR;
    else if (fd >= 0 && included && !S_ISREG(st.st_mode))
        errno = ENOTSUP; /* an include never waits for a pipe or a device */
    else if (fd >= 0)
        text = read_all(fd, (size_t)st.st_size, PS_SOURCE_MAX_LEN - source->n_read, len);
    int error = errno;
    if (fd > STDIN_FILENO)
        close(fd);
    if (text) {
        source->n_read += *len;
        return text;
    }
    if (included)
        ps_source_error(source, from, "@include \"%s\": %s; %s", path, strerror(error), open_remedy(error));
    else
        ps_diag_add(source->diags, PS_SEV_ERROR, NULL, path, 0, NULL, "cannot be read: %s; %s", strerror(error),
                    open_remedy(error));
    return NULL;
}

void ps_source_read(struct ps_source *source, const char *path, struct ps_diags *diags)
{
    *source = (struct ps_source){.diags = diags};
    ps_source_file(source, path);
    size_t len;
    char *text = ps_source_slurp(source, path, (struct ps_src){0}, &len);
    if (text)
        ps_source_scan(source, text, len, 0);
    source->lost |= !text;
    free(text);
}

void ps_source_from_text(struct ps_source *source, const char *text, const char *name, struct ps_diags *diags)
{
    *source = (struct ps_source){.diags = diags};
    ps_source_file(source, name);
    char *copy = strdup(text);
    if (!copy)
        abort();
    ps_source_scan(source, copy, strlen(copy), 0);
    free(copy);
}

void ps_source_fini(struct ps_source *source)
{
    for (uint32_t i = 0; i < source->n_files; i++)
        free(source->files[i]);
    free(source->files);
    free(source->text.lines);
    free(source->text.s);
    free(source->apart.lines);
    free(source->apart.s);
    free(source->batches);
    *source = (struct ps_source){0};
}

struct ps_src ps_source_place(const struct ps_text *text, size_t line)
{
    if (text->n_lines == 0)
        return (struct ps_src){.file = 0, .line = 1};
    size_t i = line < 1 ? 0 : line > text->n_lines ? text->n_lines - 1 : line - 1;
    return text->lines[i];
}
