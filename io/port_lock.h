/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_lock.h - one program a device. Internal to the kinds of ports. */
#ifndef IO_PORT_LOCK_H
#define IO_PORT_LOCK_H

#include "base/err.h"

/** Lock the open device @p fd (flock), until it is closed. @p name is for the fault's text.
 * @return ET_OK, ET_ERR_IO (in use: by whom, when it can be known). */
int port_lock_device(int fd, const char *name, struct fault *f) ET_CHECK;

/** Say that process @p pid has it (not > 0: it is not known who); f->holder_pid tells too. @return ET_ERR_IO. */
int port_lock_in_use_by(int pid, const char *name, struct fault *f);

/** When opening @p path said EBUSY (TIOCEXCL of another): name its holder. @return ET_ERR_IO. */
int port_lock_busy(const char *path, const char *name, struct fault *f);

/** Lock what has no device file, such as "tcp-10.0.0.7-5025", by a file of that name in /run/lock,
 * or in /tmp where that is missing.
 * @param name  Letters, digits and ".:-%" only. @return a descriptor for port_unlock_name(), ET_ERR_IO. */
int port_lock_name(const char *name, struct fault *f) ET_CHECK;
void port_unlock_name(int fd, const char *name);

struct port_address;
enum { PORT_LOCK_NAME_MAX = 96 };
/** Lock an address of TCP, whatever protocol is spoken there. @param name  Out: for port_unlock_name().
 * @param spec  For the fault's text. @return as port_lock_name(). */
int port_lock_address(const struct port_address *a, const char *spec, char name[PORT_LOCK_NAME_MAX],
		      struct fault *f) ET_CHECK;

#endif
