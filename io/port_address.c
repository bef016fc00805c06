/* SPDX-License-Identifier: Apache-2.0 */
#include "io/port_address.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

void port_addresses_init(struct port_addresses *a, const char *host, const char *service)
{
	snprintf(a->host, sizeof(a->host), "%s", host);
	snprintf(a->service, sizeof(a->service), "%s", service);
	a->n = 0;
}

int port_addresses_find(struct port_addresses *a, const char *spec, struct fault *f)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	int err;

	if (a->n > 0)
		return ET_OK;
	err = getaddrinfo(a->host, a->service, &hints, &found);
	if (err != 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", spec, gai_strerror(err));
	for (const struct addrinfo *i = found; i && a->n < PORT_ADDRESSES_MAX; i = i->ai_next) {
		memcpy(&a->known[a->n].sa, i->ai_addr, i->ai_addrlen);
		a->known[a->n++].len = i->ai_addrlen;
	}
	freeaddrinfo(found);
	return ET_OK;
}
