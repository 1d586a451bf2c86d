/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loaded.h"
#include "plant.h"
#include "unit.h"

static const char plant_text[] =
    "schema = 1; site = \"S\"; revision = 7;\n"
    "zones = ( { name = \"a\"; kind = \"operations\"; networks = [\"10.0.0.0/25\"]; },\n"
    "          { name = \"b\"; kind = \"control\"; networks = [\"10.0.0.128/25\"]; } );\n"
    "conduits = ( { name = \"c\"; from = \"a\"; to = \"b\"; mode = \"enforce\"; on_deny = \"reset\";\n"
    "               allow = ( { name = \"r\"; protocol = \"tcp\"; ports = [\"80\"]; } ); } );\n";

static int image_file(const void *data, size_t len)
{
    int fd = memfd_create("image", MFD_ALLOW_SEALING | MFD_CLOEXEC);

    ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

static void refused(int fd, const char *why)
{
    struct ps_loaded loaded;
    struct ps_error err = {""};

    ck_assert(!ps_loaded_open(&loaded, fd, &err));
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    ck_assert_int_eq(loaded.fd, -1);
    ck_assert(!is_open(fd));
    ps_loaded_fini(&loaded); /* of none: nothing */
}

START_TEST(test_ps_loaded_open__empty_garbage_and_no_memory_file__refused_and_closed)
{
    char name[] = "/tmp/penstock-loaded.XXXXXX";
    int fd;

    refused(image_file("", 0), "0 octets");
    refused(image_file("this is no image, this is no image", 34), "check");
    fd = mkstemp(name);
    unlink(name);
    refused(fd, "cannot seal");
}
END_TEST

START_TEST(test_ps_loaded_open__image__sealed_with_its_digest)
{
    char name[] = "/tmp/penstock-loaded.XXXXXX";
    int plant_fd = mkstemp(name), fd;
    struct ps_plant plant;
    struct ps_loaded loaded;
    struct ps_error err = {""};

    ck_assert_int_eq(write(plant_fd, plant_text, sizeof plant_text - 1), sizeof plant_text - 1);
    close(plant_fd);
    ck_assert(ps_plant_load(&plant, name) && ps_plant_compile(&plant));
    unlink(name);
    fd = image_file(plant.data, (size_t)plant.image.len);
    ck_assert_msg(ps_loaded_open(&loaded, fd, &err), "%s", err.text);
    ck_assert_str_eq(loaded.digest, plant.digest);
    ck_assert_uint_eq(ps_image_revision(&loaded.image), 7);
    ck_assert_int_eq(write(loaded.fd, "x", 1), -1);
    ck_assert_int_eq(ftruncate(loaded.fd, 1), -1);
    ps_loaded_fini(&loaded);
    ck_assert(!is_open(fd));
    ps_loaded_fini(&loaded); /* again: nothing */
    ps_plant_fini(&plant);
}
END_TEST

UNIT_MAIN("control/loaded", test_ps_loaded_open__empty_garbage_and_no_memory_file__refused_and_closed,
          test_ps_loaded_open__image__sealed_with_its_digest)
