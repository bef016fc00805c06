/* SPDX-License-Identifier: Apache-2.0 */
/* io/port_modbus.c - Modbus RTU and TCP by libmodbus, which frames requests and replies; what is in them is read by
 * io/modbus.c.
 *
 * A request that libmodbus sends raw has the transaction number 0, and after a time-out it may have eaten half a
 * reply. So on TCP, a link that had no whole answer is connected anew before the next request: what was still to come
 * for the old one never comes. On RTU what has come in between is thrown away, and a reply that comes later still is
 * the asker's to recognise. */
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/quantities.h"
#include "io/port_address.h"
#include "io/port_kinds.h"
#include "io/port_lines.h"
#include "io/port_lock.h"

static const int64_t CONNECT_NS = 5LL * ET_NS_PER_S;

struct modbus_port {
	struct port base;
	modbus_t *ctx; /* NULL: not connected, everything is ET_ERR_IO */
	bool is_tcp, unsure; /* unsure: something may still come for the request before */
	int unit, lock;
	struct port_addresses addresses; /* TCP */
	char lock_name[PORT_LOCK_NAME_MAX];
	char path[128]; /* RTU: the device */
	struct serial_setting set;
	int64_t quiet_ns; /* RTU: the line stays quiet until then, so that frames stand apart */
};

static struct modbus_port *modbus_port_of(struct port *p)
{
	return (struct modbus_port *)p; /* base is its first member */
}

/* ---- connecting ---- */

/* libmodbus takes no time of 0, and its time between bytes would come on top of ours. */
static int set_time(modbus_t *ctx, int64_t ns)
{
	const int64_t us = ns < 1000000 ? 1000 : ns / 1000;

	if (modbus_set_response_timeout(ctx, (uint32_t)(us / 1000000), (uint32_t)(us % 1000000)) <
	    0)
		return -1;
	return modbus_set_byte_timeout(ctx, 0, 0);
}

static int connect_context(struct modbus_port *m, modbus_t *ctx, int64_t wait_ns, struct fault *f)
{
	if (!ctx)
		return fault_set(f, ET_ERR_NOMEM, "%s: %s", m->base.spec, modbus_strerror(errno));
	if (modbus_set_slave(ctx, m->unit) < 0 || set_time(ctx, wait_ns) < 0 ||
	    modbus_connect(ctx) < 0) {
		int err = fault_set(f, ET_ERR_IO, "%s: %s", m->base.spec, modbus_strerror(errno));

		modbus_free(ctx);
		return err;
	}
	m->ctx = ctx;
	return ET_OK;
}

/* One address: its lock first, so that a second controller never reaches the instrument. */
static int try_address(struct modbus_port *m, const struct port_address *a, int64_t wait_ns,
		       struct fault *f)
{
	char host[64], service[8];
	int err, lock = port_lock_address(a, m->base.spec, m->lock_name, f);

	if (lock < 0)
		return lock;
	if (getnameinfo((const struct sockaddr *)&a->sa, a->len, host, sizeof(host), service,
			sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		err = fault_set(f, ET_ERR_IO, "%s: no numeric address", m->base.spec);
	else
		err = connect_context(m, modbus_new_tcp_pi(host, service), wait_ns, f);
	if (err < 0)
		port_unlock_name(lock, m->lock_name);
	else
		m->lock = lock;
	return err;
}

static int connect_tcp(struct modbus_port *m, int64_t wait_ns, struct fault *f)
{
	int err = port_addresses_find(&m->addresses, m->base.spec, f);

	if (err < 0)
		return err;
	err = ET_ERR_IO;
	for (int i = 0; i < m->addresses.n && err < 0; i++)
		err = try_address(m, &m->addresses.known[i], wait_ns, f);
	return err;
}

/* Locked before libmodbus opens it, so that a device in use is not set to another speed. */
static int connect_rtu(struct modbus_port *m, struct fault *f)
{
	const char parity = m->set.parity == 'n' ? 'N' : m->set.parity == 'e' ? 'E' : 'O';
	int err, fd = open(m->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == EBUSY)
		return port_lock_busy(m->path, m->base.spec, f);
	if (fd < 0)
		return fault_set(f, ET_ERR_IO, "%s: %s", m->base.spec, strerror(errno));
	err = port_lock_device(fd, m->base.spec, f);
	if (err == ET_OK && !isatty(fd))
		err = fault_set(f, ET_ERR_IO, "%s: %s", m->base.spec, strerror(errno));
	if (err == ET_OK)
		err = port_lines_set(fd, &m->set, m->base.spec, f);
	if (err == ET_OK)
		err = connect_context(
			m, modbus_new_rtu(m->path, m->set.baud, parity, 8, m->set.stop_bits),
			CONNECT_NS, f);
	if (err < 0) {
		close(fd);
		return err;
	}
	(void)ioctl(fd, TIOCEXCL); /* a pseudo-terminal may not have it; the lock holds */
	(void)modbus_flush(m->ctx);
	m->lock = fd;
	return ET_OK;
}

static int connect_link(struct modbus_port *m, int64_t wait_ns, struct fault *f)
{
	m->unsure = false;
	return m->is_tcp ? connect_tcp(m, wait_ns, f) : connect_rtu(m, f);
}

static void disconnect(struct modbus_port *m)
{
	if (!m->ctx)
		return;
	if (!m->is_tcp)
		(void)ioctl(m->lock, TIOCNXCL); /* the peer of a pseudo-terminal would keep it */
	modbus_close(m->ctx);
	modbus_free(m->ctx);
	m->ctx = NULL;
	if (m->is_tcp)
		port_unlock_name(m->lock, m->lock_name);
	else
		close(m->lock);
}

/* ---- requests and replies ---- */

static int64_t left_ns(const struct modbus_port *m, int64_t deadline_ns)
{
	const int64_t now_ns = clk_now_ns(m->base.clk);

	return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

/* The link is gone: nothing works before it is opened anew. */
static int failed(struct modbus_port *m)
{
	disconnect(m);
	return ET_ERR_IO;
}

static int make_sure(struct modbus_port *m, int64_t deadline_ns)
{
	int64_t wait_ns = left_ns(m, deadline_ns);

	if (!m->unsure)
		return ET_OK;
	m->unsure = false;
	if (!m->is_tcp)
		return modbus_flush(m->ctx) < 0 ? failed(m) : ET_OK;
	disconnect(m);
	return connect_tcp(m, wait_ns < CONNECT_NS ? wait_ns : CONNECT_NS, NULL);
}

static int modbus_port_write(struct port *base, const void *buf, size_t len, int64_t deadline_ns)
{
	struct modbus_port *m = modbus_port_of(base);
	uint8_t raw[1 + MODBUS_PDU_MAX];
	int err;

	if (!m->ctx)
		return ET_ERR_IO;
	err = make_sure(m, deadline_ns);
	if (err < 0)
		return err;
	clk_sleep_until(base->clk, m->quiet_ns);
	raw[0] = (uint8_t)m->unit;
	memcpy(raw + 1, buf, len);
	return modbus_send_raw_request(m->ctx, raw, (int)len + 1) < 0 ? failed(m) : ET_OK;
}

/* A pause of 3.5 characters ends a frame, and of 1.75 ms at high speeds. */
static int64_t pause_ns(const struct modbus_port *m)
{
	const int64_t ns = INT64_C(3500) * 11 * 1000000 / m->set.baud;

	return ns > 1750000 ? ns : 1750000;
}

/* What libmodbus has to say of a reply that it did not take. */
static int refusal(struct modbus_port *m)
{
	m->unsure = true;
	if (errno == ETIMEDOUT)
		return ET_ERR_TIMEOUT;
	if (errno == EMBBADCRC || errno == EMBBADDATA || errno == EMBMDATA || errno == EMBBADSLAVE)
		return ET_ERR_PROTO;
	return failed(m);
}

static int modbus_port_read(struct port *base, void *buf, size_t cap, int64_t deadline_ns)
{
	struct modbus_port *m = modbus_port_of(base);
	uint8_t adu[MODBUS_MAX_ADU_LENGTH];
	int n, before, after;

	(void)cap; /* at least MODBUS_PDU_MAX: port_read() */
	if (!m->ctx)
		return ET_ERR_IO;
	before = modbus_get_header_length(m->ctx);
	after = m->is_tcp ? 0 : 2;
	do { /* 0: a reply of another unit on the same line */
		if (set_time(m->ctx, left_ns(m, deadline_ns)) < 0)
			return failed(m);
		n = modbus_receive_confirmation(m->ctx, adu);
	} while (n == 0 && left_ns(m, deadline_ns) > 0);
	if (!m->is_tcp)
		m->quiet_ns = clk_now_ns(base->clk) + pause_ns(m);
	if (n == 0)
		errno = ETIMEDOUT;
	if (n <= 0)
		return refusal(m);
	if (n <= before + after || n - before - after > MODBUS_PDU_MAX) {
		errno = EMBBADDATA;
		return refusal(m);
	}
	n -= before + after;
	memcpy(buf, adu + before, (size_t)n);
	return n;
}

static int modbus_port_reopen(struct port *base, struct fault *f)
{
	struct modbus_port *m = modbus_port_of(base);

	disconnect(m);
	return connect_link(m, CONNECT_NS, f);
}

static void modbus_port_close(struct port *base)
{
	disconnect(modbus_port_of(base));
	free(base);
}

static int open_new(const struct modbus_port *what, const char *spec, struct clk *c,
		    struct port **out, struct fault *f)
{
	static const struct port_ops ops = { .write = modbus_port_write,
					     .read = modbus_port_read,
					     .reopen = modbus_port_reopen,
					     .close = modbus_port_close };
	struct modbus_port *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return fault_set(f, ET_ERR_NOMEM, "%s: out of memory", spec);
	*m = *what;
	m->base = (struct port){ .ops = &ops, .clk = c, .kind = PORT_MODBUS };
	snprintf(m->base.spec, sizeof(m->base.spec), "%s", spec);
	err = connect_link(m, CONNECT_NS, f);
	if (err < 0) {
		free(m);
		return err;
	}
	*out = &m->base;
	return ET_OK;
}

int port_modbus_tcp_open(const char *host, const char *service, int unit, const char *spec,
			 struct clk *c, struct port **out, struct fault *f)
{
	struct modbus_port m = { .is_tcp = true, .unit = unit };

	port_addresses_init(&m.addresses, host, service);
	return open_new(&m, spec, c, out, f);
}

/* Another speed would silently become 9600 in libmodbus. */
static bool has_speed(int baud)
{
	static const int speeds[] = { 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200 };

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (speeds[i] == baud)
			return true;
	return false;
}

int port_modbus_rtu_open(const char *path, const struct serial_setting *set, int unit,
			 const char *spec, struct clk *c, struct port **out, struct fault *f)
{
	struct modbus_port m = { .unit = unit, .set = *set };

	snprintf(m.path, sizeof(m.path), "%s", path);
	if (!has_speed(set->baud))
		return fault_set(f, ET_ERR_ARG, "%s: %d baud is not a usual speed", spec,
				 set->baud);
	return open_new(&m, spec, c, out, f);
}
