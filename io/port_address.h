/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_address.h - the addresses of a TCP link. Internal to the kinds of ports.
 *
 * A name is asked for once, when the link is opened. Whoever has to reach a lost source again must not wait for a name
 * server, which has no deadline that we could set. */
#ifndef IO_PORT_ADDRESS_H
#define IO_PORT_ADDRESS_H

#include <sys/socket.h>

#include "base/err.h"

enum { PORT_ADDRESSES_MAX = 4 };

struct port_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

struct port_addresses {
	char host[128], service[8];
	struct port_address known[PORT_ADDRESSES_MAX];
	int n; /* 0: not asked yet, or without an answer */
};

void port_addresses_init(struct port_addresses *a, const char *host, const char *service);

/** Ask what host and service are, if that is not known yet. May block as long as the name servers do.
 * @param spec  For the fault's text. @return ET_OK, ET_ERR_IO. */
int port_addresses_find(struct port_addresses *a, const char *spec, struct fault *f) ET_CHECK;

#endif
