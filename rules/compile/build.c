/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static void *need(void *memory)
{
    if (!memory) {
        fputs("penstock: out of memory while compiling the plant\n", stderr);
        abort();
    }
    return memory;
}

void *ps_build_calloc(size_t n, size_t size)
{
    return need(calloc(n > 0 ? n : 1, size));
}

void ps_build_init(struct ps_build *build, const struct ps_model *model, struct ps_diags *diags)
{
    *build = (struct ps_build){.model = model, .diags = diags};
}

void ps_build_fini(struct ps_build *build)
{
    for (unsigned i = 0; i < PS_N_SECTIONS; i++)
        free(build->sections[i].data);
    free(build->files);
}

void *ps_build_add(struct ps_build *build, enum ps_image_section section, size_t n)
{
    struct ps_buffer *buffer = &build->sections[section];
    size_t more = n * ps_image_element_len(section);

    if (more > buffer->capacity - buffer->len) {
        size_t capacity = buffer->len + more;
        buffer->capacity = capacity < 2 * buffer->capacity ? 2 * buffer->capacity : capacity;
        buffer->data = need(realloc(buffer->data, buffer->capacity + 1));
    }
    void *added = buffer->data + buffer->len;
    memset(added, 0, more);
    buffer->len += more;
    return added;
}

void *ps_build_at(const struct ps_build *build, enum ps_image_section section)
{
    return build->sections[section].data;
}

void ps_build_source(struct ps_build *build, struct ps_src src)
{
    struct ps_image_source *out = ps_build_add(build, PS_SECTION_SOURCES, 1);

    *out = (struct ps_image_source){.file = src.file < build->model->n_files ? build->files[src.file] : 0,
                                    .line = src.line};
}

uint32_t ps_build_n(const struct ps_build *build, enum ps_image_section section)
{
    return (uint32_t)(build->sections[section].len / ps_image_element_len(section));
}

uint32_t ps_build_string(struct ps_build *build, const char *s)
{
    uint32_t at = ps_build_n(build, PS_SECTION_STRINGS);
    size_t size = strlen(s) + 1;

    memcpy(ps_build_add(build, PS_SECTION_STRINGS, size), s, size);
    return at;
}

/* ---- errors ---------------------------------------------------------------------------------------------------- */

const char *ps_build_file(const struct ps_build *build, struct ps_src src)
{
    return src.file < build->model->n_files ? build->model->files[src.file] : "-";
}

__attribute__((format(printf, 4, 0))) static void add_error(const struct ps_build *build, struct ps_src src,
                                                            const char *at, const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        need(NULL);
    ps_diag_add(build->diags, PS_SEV_ERROR, NULL, ps_build_file(build, src), src.line, at, "%s", text);
    free(text);
}

void ps_build_error(const struct ps_build *build, struct ps_src src, const char *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_error(build, src, at, format, args);
    va_end(args);
}

void ps_build_rule_error(const struct ps_build *build, const struct ps_rule *rule, const char *format, ...)
{
    char *at;
    va_list args;

    if (asprintf(&at, "%s/%s", build->model->conduits[rule->conduit].name, rule->name) < 0)
        need(NULL);
    va_start(args, format);
    add_error(build, rule->src, at, format, args);
    va_end(args);
    free(at);
}
