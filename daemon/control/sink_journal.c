/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink_journal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

/* The event's keys that become fields of the journal's entry: journalctl PENSTOCK_REASON=no-rule */
static const struct {
    const char *key, *field;
} fields[] = {{"kind", "PENSTOCK_KIND"},       {"reason", "PENSTOCK_REASON"}, {"class", "PENSTOCK_CLASS"},
              {"conduit", "PENSTOCK_CONDUIT"}, {"rule", "PENSTOCK_RULE"},     {"did", "PENSTOCK_DID"},
              {"who", "PENSTOCK_WHO"},         {"operation", "PENSTOCK_OPERATION"}};

#define N_FIELDS (sizeof fields / sizeof fields[0])

/* sd_journal_sendv() says that all is well when there is no journal at all. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

bool ps_sink_journal_write(const char *text, int urgency)
{
    char rooms[N_FIELDS][512], priority[16];
    struct iovec parts[N_FIELDS + 4];
    json_t *o;
    char *message = NULL;
    int n = 0, wrong;

    if (access(JOURNAL_SOCKET, W_OK) != 0)
        return false;
    o = json_loads(text, 0, NULL);
    if (asprintf(&message, "MESSAGE=%s", text) < 0) {
        json_decref(o);
        errno = ENOMEM;
        return false;
    }
    snprintf(priority, sizeof priority, "PRIORITY=%d", urgency);
    parts[n++] = (struct iovec){message, strlen(message)};
    parts[n++] = (struct iovec){priority, strlen(priority)};
    parts[n++] = (struct iovec){(char[]){"SYSLOG_IDENTIFIER=penstockd"}, sizeof "SYSLOG_IDENTIFIER=penstockd" - 1};
    for (size_t i = 0; i < N_FIELDS; i++) {
        const char *value = json_string_value(json_object_get(o, fields[i].key));

        if (value == NULL)
            continue;
        snprintf(rooms[i], sizeof rooms[i], "%s=%s", fields[i].field, value);
        parts[n++] = (struct iovec){rooms[i], strlen(rooms[i])};
    }
    wrong = sd_journal_sendv(parts, n);
    free(message);
    json_decref(o);
    errno = -wrong;
    return wrong == 0;
}
