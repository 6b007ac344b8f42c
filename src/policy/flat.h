/*
 * The flat form of a policy, version 1, little endian:
 *
 *   u16 version 1, u8 schema, u8 tee, u8 flags, u16 statuses, u32 lease,
 *   i64 not before, i64 not after,
 *   u16 number of rejected advisories, each {u16 length, text},
 *   then clauses to the end: u8 op;
 *     a group: u16 number of members, the members;
 *     a comparison: u8 claim (0: of the client, or of all registers), u16
 *     number of values, each {u16 length, bytes}; by reference: one value, the
 *     name of the set.
 */
#pragma once

enum {
	WD_FLAT_VERSION = 1,
	/* flags */
	WD_FLAT_SOFTWARE = 1,
	WD_FLAT_DEBUG = 2,
	WD_FLAT_PLAIN_TYPE = 4,
	WD_FLAT_FLAGS = 7, /* all that are known */
};
