/* SPDX-License-Identifier: Apache-2.0 */
/* base/quantities.h - what passes between rooms: data only, no functions.
 *
 * Times are int64_t nanoseconds of the bench clock (io/clock.h) unless the name says otherwise.
 * A quantity that was not reported is NAN, never 0. Phases are 0, 1, 2 = L1, L2, L3.
 * Angles are mathematical: positive = leads, IEC 60375; phi = angle of U - angle of I, so a
 * lagging (inductive) load has phi > 0 and Q > 0. */
#ifndef BASE_QUANTITIES_H
#define BASE_QUANTITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* clang-format off */
enum { ET_PHASES = 3, ET_POSITIONS_MAX = 40, ET_READERS_MAX = 8, ET_NS_PER_S = 1000000000 };
#define ET_NEVER_NS INT64_MAX

/* ---- identity of an instrument, as it answered ---- */
struct instrument_id {
	char maker[32], model[32], serial[32], firmware[32];
	bool simulated;		/* the serial number begins with "SIM" */
	bool serial_declared;	/* it cannot tell its serial number: the laboratory says it in bench.yaml */
	/* edge reader: what it declares of its stamps; 0: not an edge reader */
	double resolution_s, u_stamp_s;
	int channels;			/* edge reader: how many; else 0 */
};

/* ---- power source ---- */
struct phase_setpoint {
	double volt_v, volt_deg;	/* RMS; 0 V: this voltage stays off */
	double curr_a, curr_deg;	/* RMS; 0 A: this current stays off */
};
struct setpoint {
	double freq_hz;
	struct phase_setpoint ph[ET_PHASES];
};

enum source_output { SOURCE_UNKNOWN = 0, SOURCE_OFF, SOURCE_ON };
struct source_status {
	int64_t t_ns;
	enum source_output output;	/* what the source says of itself */
	bool healthy;			/* its status word is "good" */
	char word[64];			/* the status line as sent */
	struct setpoint readback;	/* NAN where the source cannot tell */
};

/* ---- reference standard ---- */
struct ref_reading {
	int64_t t_before_ns, t_after_ns;	/* question sent, answer complete */
	double volt_v[ET_PHASES], volt_deg[ET_PHASES];
	double curr_a[ET_PHASES], curr_deg[ET_PHASES];
	double power_w[ET_PHASES], power_sum_w, reactive_sum_var, freq_hz;
	double range_v[ET_PHASES], range_a[ET_PHASES];
	bool overload;
};

/* One update of the energy register. The update happened in (t_lo_ns, t_hi_ns]: the register
 * still showed the old value to a question sent at t_lo_ns, and the new one was complete at t_hi_ns. */
struct ref_sample {
	int64_t t_lo_ns, t_hi_ns;
	double energy_wh;		/* of the register, as indicated; since it was started */
	uint32_t seq;			/* +1 each; a gap is allowed when an update was not seen */
	uint32_t flags;			/* enum ref_flag */
};
enum ref_flag { REF_OVERLOAD = 1, REF_SIGN_FLIP = 2 };

/* What the reference said when its register was started, and again after it stopped. */
struct ref_register {
	double constant_imp_per_kwh;	/* its own pulse constant */
	double range_v[ET_PHASES], range_a[ET_PHASES];
	double update_interval_s;	/* declared by the driver, NAN when only polling can tell */
	double resolution_wh;		/* one step of the reply */
};

/* ---- edge reader ---- */
struct edge {
	int64_t t_reader_ns;		/* in the reader's own clock */
	uint32_t seq;			/* of its channel, +1 each */
	uint16_t position;		/* 1.., as printed on the bench */
	uint16_t flags;			/* enum edge_flag */
};
enum edge_flag {
	EDGE_BOUNCED = 1,	/* the reader dropped bounces after this edge */
	EDGE_SATURATED = 2,	/* ambient light saturated the detector at this edge */
};

/* The reader's clock was asked between two instants of ours. */
struct clock_pair {
	int64_t host_before_ns, host_after_ns, reader_ns;
};

/* ---- requests: what the sequencer asks for ---- */
enum request_kind {
	REQ_NONE = 0,
	/* to an instrument session */
	REQ_IDENTIFY,	/* -> EV_IDENTITY */
	REQ_SET,	/* source: program, switch on, read back -> EV_STATUS */
	REQ_OFF,	/* source: everything off, read back -> EV_STATUS */
	REQ_STATUS,	/* source -> EV_STATUS */
	REQ_PREPARE,	/* reference: ranges for .sp chosen, frozen, confirmed -> EV_DONE */
	REQ_READ,	/* reference -> EV_READING */
	REQ_ARM,	/* reference: start register -> EV_REGISTER, then EV_REF_SAMPLES;
			   reader: .positions -> EV_DONE, then EV_EDGES and EV_CLOCK_PAIR */
	REQ_DISARM,	/* reference: stop, constant and error queue read again -> EV_REGISTER;
			   reader: -> last EV_EDGES and EV_CLOCK_PAIR, then EV_DONE */
	/* to the station */
	REQ_TIMER,	/* -> EV_TIMER at .t_ns */
	REQ_PROMPT,	/* -> EV_ANSWER */
	REQ_COMMIT,	/* -> EV_COMMITTED, or EV_FAILED with ET_ERR_RECORD */
	REQ_SHOW,	/* verdicts may now be shown: only after their EV_COMMITTED; no answer */
	REQ_FINISH,	/* the run is over with .code, an exit code; no answer */
	REQ_KINDS
};

/* TO_READER + n: edge reader n of a bench that has several, n < ET_READERS_MAX */
enum request_target { TO_STATION = 0, TO_SOURCE, TO_REFERENCE, TO_READER };
enum { ET_TARGETS = TO_READER + ET_READERS_MAX };
enum touch { TOUCH_NONE = 0, TOUCH_LIVE, TOUCH_DEAD };
enum commit_what { COMMIT_NONE = 0, COMMIT_BATCH_OPENED, COMMIT_ATTEMPT, COMMIT_BATCH_CLOSED,
		   COMMIT_SOURCE_STATE, COMMIT_INTERRUPTED };

struct request {
	uint32_t id;			/* > 0; the events that answer carry it */
	enum request_kind kind;
	enum request_target target;
	int64_t t_ns;			/* REQ_TIMER: when */
	struct setpoint sp;		/* REQ_SET, REQ_PREPARE */
	uint64_t positions;		/* REQ_ARM: bit n-1 = position n */
	enum touch touch;		/* REQ_PROMPT */
	int prompt;			/* REQ_PROMPT: which text, enum seq_prompt */
	enum commit_what commit;	/* REQ_COMMIT */
	int code;			/* REQ_FINISH */
};

/* ---- events: what answers, or happens ---- */
enum event_kind {
	EV_NONE = 0,
	EV_START,	/* the first event of a run */
	EV_IDENTITY, EV_STATUS, EV_READING, EV_REGISTER, EV_DONE,
	EV_EDGES, EV_CLOCK_PAIR, EV_REF_SAMPLES,
	EV_FAILED,	/* request .id, or .id 0: a stream or an unsolicited report */
	EV_TIMER, EV_ANSWER, EV_COMMITTED,
	EV_ABORT,	/* a person or a signal wants the safe state */
	EV_KINDS
};

enum { EV_EDGES_MAX = 64, EV_REF_SAMPLES_MAX = 16 };
struct event {
	enum event_kind kind;
	uint32_t id;			/* of the request that it answers; 0: unasked */
	enum request_target from;
	int64_t t_ns;			/* when it happened or was complete */
	union {
		struct instrument_id identity;
		struct source_status status;
		struct ref_reading reading;
		struct ref_register reg;
		struct clock_pair pair;
		struct { uint16_t n; struct edge e[EV_EDGES_MAX]; } edges;
		struct { uint16_t n; struct ref_sample s[EV_REF_SAMPLES_MAX]; } samples;
		struct fault fault;	/* EV_FAILED */
		struct { bool yes; } answer;
		int signal;		/* EV_ABORT: signal number, 0: a person */
	};
};
/* clang-format on */

#endif
