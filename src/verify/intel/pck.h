/*
 * What Intel certifies about a platform: the SGX extension of a PCK
 * certificate (OID 1.2.840.113741.1.13.1). The table is in layout.md.
 */
#pragma once

#include "base/span.h"
#include "base/reason.h"

enum { WD_TCB_COMPONENTS = 16 };

struct wd_pck {
	uint8_t ppid[16];
	uint8_t components[WD_TCB_COMPONENTS]; /* the TCB to compare with */
	uint16_t pcesvn;
	uint8_t cpusvn[16]; /* for information: never compared */
	uint8_t pceid[2];
	uint8_t fmspc[6];
	uint8_t sgx_type;
	bool has_platform; /* the rest: PCK Platform CA only */
	uint8_t platform_instance_id[16];
	bool dynamic_platform, cached_keys, smt_enabled;
};

/* The encoded OID of the extension, for wd_cert_extension. */
struct wd_span wd_pck_oid(void);

/*
 * Each member exactly once, by OID, in any order; none that is not known.
 * Members 6 and 7 come together or not at all. WD_R_MALFORMED.
 */
int wd_pck_parse(struct wd_span extension, struct wd_pck *ret) WD_MUST_USE;
