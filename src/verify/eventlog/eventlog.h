/*
 * TCG event logs, crypto-agile and old, and CCEL: what firmware and boot
 * loaders say they measured into registers. A log proves nothing by itself;
 * replay it and compare with registers that are signed. And even then only the
 * digests are authentic: data counts where wd_event.is_rehashed says so.
 * layout.md beside this file has the form.
 */
#pragma once

#include "base/diag.h"
#include "base/rd.h"
#include "crypto/hash.h"

enum { WD_EVENTLOG_REGISTERS = 24, WD_EVENTLOG_ALGS = 8 };

/* A log whose form is good. Views the log's bytes. */
struct wd_eventlog {
	struct wd_span events; /* all of them, without padding */
	bool is_old;           /* SHA-1 only, and no Spec ID event */
	size_t n_algs;
	struct {
		uint16_t id; /* TPM_ALG_ID */
		uint16_t size;
	} alg[WD_EVENTLOG_ALGS];
	size_t n_events; /* without the Spec ID event */
};

/* Checks the form of the whole log. WD_R_EVENT_LOG_MALFORMED. */
int wd_eventlog_parse(
    struct wd_span log, struct wd_eventlog *ret, struct wd_diag *d) WD_MUST_USE;

/* Event types that callers look for. */
enum {
	WD_EV_NO_ACTION = 3,
	WD_EV_SEPARATOR = 4,
	WD_EV_IPL = 13,
};
#define WD_EV_EFI_VARIABLE_DRIVER_CONFIG UINT32_C(0x80000001)
#define WD_EV_EFI_VARIABLE_AUTHORITY UINT32_C(0x800000e0)

struct wd_event {
	uint32_t reg; /* PCR, or index of a measurement register */
	uint32_t type;
	bool is_extended;      /* all but EV_NO_ACTION */
	struct wd_span digest; /* of the bank asked for; p NULL: none */
	struct wd_span data;
};

/* The next event: start with *AT = 0; false at the end. */
bool wd_eventlog_next(const struct wd_eventlog *l, enum wd_hash bank,
    size_t *at, struct wd_event *ret);

/* Whether digests of TYPE are the hash of the event's data. */
bool wd_event_hashes_data(uint32_t type);

/* *RET: its data is what was measured: the digest of its type is the hash of
 * the data, and it is. 0 or a fault. */
int wd_event_is_rehashed(const struct wd_event *e, enum wd_hash bank, bool *ret)
    WD_MUST_USE;

/* What the registers must hold. */
struct wd_replay {
	enum wd_hash bank;
	struct {
		uint8_t digest[WD_HASH_MAX]; /* wd_hash_len(bank) bytes */
		size_t n;                    /* events that extended it */
	} reg[WD_EVENTLOG_REGISTERS];
};

/* Extends all registers. WD_R_EVENT_LOG_MALFORMED when an event lacks a digest
 * of BANK, or a startup locality comes too late; or a fault. */
int wd_eventlog_replay(const struct wd_eventlog *l, enum wd_hash bank,
    struct wd_replay *ret, struct wd_diag *d) WD_MUST_USE;

/* What hashing data again has shown of the registers in MASK. Only for a log
 * that was replayed and whose registers in MASK were equal. */
struct wd_eventlog_facts {
	bool all_rehashed; /* every event that has data */
	/* The firmware's variable SecureBoot, measured into SB_REG before the
	 * separator that ends what firmware alone measures there. */
	bool has_secure_boot, secure_boot;
};

/* 0 or a fault. */
int wd_eventlog_facts(const struct wd_eventlog *l, enum wd_hash bank,
    uint32_t mask, uint32_t sb_reg, struct wd_eventlog_facts *ret) WD_MUST_USE;
