/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

/* ---- starting -------------------------------------------------------------------------------------------------- */

/* penstock-loader beside this program (a build folder), else where it is installed. */
static const char *find_program(char *path, size_t size)
{
    static const char name[] = "penstock-loader";
    ssize_t len = readlink("/proc/self/exe", path, size - sizeof name);
    char *slash;

    if (len > 0) {
        path[len] = '\0';
        slash = strrchr(path, '/');
        if (slash != NULL) {
            memcpy(slash + 1, name, sizeof name);
            if (access(path, X_OK) == 0)
                return path;
        }
    }
    return PENSTOCK_LIBEXECDIR "/penstock-loader";
}

/* The child's memory grows in large steps, of huge pages where there are some: a tenth of its time. Other C libraries do not
 * look at this. */
static char allocation[] = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.top_pad=67108864";

static int spawn(pid_t *pid, const char *program, const char *plant, const int fds[2])
{
    char *const argv[] = {(char[]){"penstock-loader"}, strdup(plant), NULL};
    char *const env[] = {(char[]){"LC_ALL=C.UTF-8"}, allocation, NULL};
    posix_spawn_file_actions_t actions;
    int wrong;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    posix_spawn_file_actions_adddup2(&actions, fds[0], PS_LOADER_IMAGE_FD);
    posix_spawn_file_actions_addclosefrom_np(&actions, PS_LOADER_IMAGE_FD + 1);
    wrong = argv[1] == NULL ? ENOMEM : posix_spawn(pid, program, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    free(argv[1]);
    return wrong;
}

bool ps_loader_start(struct ps_loader *loader, const char *program, const char *plant, struct ps_error *err)
{
    char path[4096];
    int pipes[2] = {-1, -1};

    memset(loader, 0, sizeof *loader);
    loader->said_fd = -1;
    loader->began_ns = ps_clock_steady();
    if (program == NULL)
        program = find_program(path, sizeof path);
    loader->image_fd = memfd_create("penstock-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (loader->image_fd < 0 || pipe2(pipes, O_CLOEXEC) != 0) {
        ps_error_errno(err, "cannot prepare to load the plant file");
    } else if ((errno = spawn(&loader->pid, program, plant, (int[]){loader->image_fd, pipes[1]})) != 0) {
        loader->pid = 0;
        ps_error_errno(err, program);
    } else {
        close(pipes[1]);
        loader->said_fd = pipes[0];
        fcntl(loader->said_fd, F_SETFL, O_NONBLOCK);
        return true;
    }
    for (unsigned i = 0; i < 2; i++)
        if (pipes[i] >= 0)
            close(pipes[i]);
    if (loader->image_fd >= 0)
        close(loader->image_fd);
    return false;
}

/* ---- at work --------------------------------------------------------------------------------------------------- */

/* False: there is no more yet. */
static bool read_some(struct ps_loader *loader, bool *ended)
{
    char some[16384];
    ssize_t n = read(loader->said_fd, some, sizeof some);
    char *longer;

    *ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    longer = loader->n_said + (size_t)n > PS_LOADER_SAID_MAX ? NULL : realloc(loader->said, loader->n_said + (size_t)n);
    if (longer == NULL) {
        loader->chatty = *ended = true;
        kill(loader->pid, SIGKILL);
        return false;
    }
    memcpy(longer + loader->n_said, some, (size_t)n);
    loader->said = longer;
    loader->n_said += (size_t)n;
    return true;
}

bool ps_loader_step(struct ps_loader *loader)
{
    bool ended = false;

    while (read_some(loader, &ended))
        ;
    if (!ended && ps_clock_steady() - loader->began_ns > PS_LOADER_SECONDS * PS_NS_PER_S) {
        loader->late = ended = true;
        kill(loader->pid, SIGKILL);
    }
    return ended;
}

/* ---- what it left behind --------------------------------------------------------------------------------------- */

/* Why the child did not end well; "" when it did. */
static void tell_end(const struct ps_loader *loader, int status, struct ps_error *err)
{
    err->text[0] = '\0';
    if (loader->late)
        ps_error_say(err, "the plant file took longer than %u s to load", PS_LOADER_SECONDS);
    else if (loader->chatty)
        ps_error_say(err, "the plant file has more findings than can be shown; run penstock check");
    else if (WIFSIGNALED(status))
        ps_error_say(err, "the loader ended with signal %d (%s); please report it", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 127)
        ps_error_say(err, "the loader could not be started");
    else if (WEXITSTATUS(status) == 1)
        ps_error_say(err, "the plant file has errors");
    else if (WEXITSTATUS(status) != 0)
        ps_error_say(err, "the loader failed with exit code %d: %.*s", WEXITSTATUS(status),
                 (int)(loader->n_said < 200 ? loader->n_said : 200), loader->said != NULL ? loader->said : "");
}

bool ps_loader_finish(struct ps_loader *loader, struct ps_loaded *loaded, json_t **findings, struct ps_error *err)
{
    int status = 0;
    bool good;

    memset(loaded, 0, sizeof *loaded);
    loaded->fd = -1;
    close(loader->said_fd);
    while (waitpid(loader->pid, &status, 0) < 0 && errno == EINTR)
        ;
    loader->pid = 0;
    *findings = loader->n_said > 0 ? json_loadb(loader->said, loader->n_said, 0, NULL) : NULL;
    tell_end(loader, status, err);
    free(loader->said);
    loader->said = NULL;
    good = err->text[0] == '\0';
    if (good)
        good = ps_loaded_open(loaded, loader->image_fd, err);
    else
        close(loader->image_fd);
    return good;
}

bool ps_loader_run(const char *program, const char *plant, struct ps_loaded *loaded, json_t **findings,
                   struct ps_error *err)
{
    struct ps_loader loader;

    *findings = NULL;
    loaded->fd = -1;
    if (!ps_loader_start(&loader, program, plant, err))
        return false;
    while (!ps_loader_step(&loader)) {
        struct pollfd fd = {.fd = loader.said_fd, .events = POLLIN};

        poll(&fd, 1, 100);
    }
    return ps_loader_finish(&loader, loaded, findings, err);
}
