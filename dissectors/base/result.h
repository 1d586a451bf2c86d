/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * result.h - the three answers of everything that reads packet bytes.
 *
 * Zero refuses: a result that nobody set is PS_BAD.
 */
#pragma once

enum ps_result {
    PS_BAD = 0, /* these bytes are refused; a reason says why */
    PS_OK = 1,
    PS_MORE = 2, /* frame() only: the PDU does not end inside the bytes seen so far */
};

/* Direction of bytes on a flow. The client is who opened it. */
enum ps_dir {
    PS_TO_SERVER = 0,
    PS_TO_CLIENT = 1,
};
