/*
 * The vendors' roots, on their own: who only lists what is trusted need not
 * link what judges evidence.
 */
#include "verify/appraise.h"

/* Intel SGX Root CA, in force since 2018 and until 2049. */
#define INTEL_SGX_ROOT                                                      \
	{                                                                   \
		0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, \
		    0x49, 0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24,   \
		    0x96, 0x43, 0x99, 0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc,   \
		    0xfa, 0xb6, 0x74, 0xd3                                  \
	}

static const struct wd_anchor vendors[] = {
	{ WD_TEE_SGX, INTEL_SGX_ROOT, false },
	{ WD_TEE_TDX, INTEL_SGX_ROOT, false },
};

const struct wd_anchor *
wd_anchor_vendors(size_t *ret_n)
{
	*ret_n = WD_N(vendors);
	return vendors;
}
