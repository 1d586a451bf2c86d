/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * object.c - groups and variations: how long they are, where they may stand.
 */
#include "object.h"

#define AT(content) DN_AT(DN_CONTENT_##content)
#define COUNTED DN_COUNTED

#define VARIATIONS_MAX 15u

static const struct dn_object objects[DN_GROUP_MAX + 1][VARIATIONS_MAX + 1] = {
#define DN_OBJECT(group, variation, kind, size, at) [group][variation] = {at, DN_KIND_##kind, size},
#include "object.def"
};

static const struct series {
    struct dn_object object; /* its size is its variation */
    uint8_t group, first;
} series[] = {
#define DN_OBJECTS(group, first, kind, at) {{at, DN_KIND_##kind, 0}, group, first},
#include "object.def"
};

static struct dn_object in_series(uint32_t group, uint32_t variation)
{
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++) {
        if (series[i].group != group || variation < series[i].first || variation > 255)
            continue;
        struct dn_object object = series[i].object;
        object.size = (uint8_t)variation;
        return object;
    }
    return (struct dn_object){0};
}

/* No series names what the table does. */
struct dn_object dn_object(uint32_t group, uint32_t variation)
{
    if (group <= DN_GROUP_MAX && variation <= VARIATIONS_MAX && objects[group][variation].kind != DN_KIND_NONE)
        return objects[group][variation];
    return in_series(group, variation);
}
