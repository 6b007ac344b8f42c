/*
 * One file of the journal: how it lies on disk, and walking over it.
 *
 *   head, 32 bytes:  "WDJOURN" NUL, u32 version 1, u32 zero,
 *                    u64 number of the segment, u64 index of its first entry
 *   record:          u32 length of the entry, u32 zero, u64 index,
 *                    u64 index of the first entry of its batch,
 *                    32 bytes leaf hash, the entry, zeros up to 8
 *
 * Little endian. After the last record there are zeros or nothing. A batch is
 * what one sync made durable, and the next is written only after that. So a
 * record of a later batch proves that everything before its batch was durable:
 * damage in front of it is tampering, while damage without it is a write that a
 * crash cut short and that nobody was told about.
 */
#pragma once

#include "base/diag.h"
#include "base/wr.h"

enum {
	WD_SEGMENT_HEAD = 32,
	WD_SEGMENT_NAME = 16, /* room for the file's name and its NUL */
	WD_RECORD_HEAD = 56,
};

struct wd_record {
	uint64_t index, batch;
	uint8_t leaf[32];
	struct wd_span entry; /* empty: there is no further record */
	uint64_t at;          /* where it starts in the file */
};

void wd_segment_name(uint32_t number, char ret[WD_SEGMENT_NAME]);
void wd_segment_head_write(struct wd_wr *wr, uint32_t number, uint64_t first);
void wd_record_write(struct wd_wr *wr, uint64_t index, uint64_t batch,
    const uint8_t leaf[32], struct wd_span entry);

/* Bytes that a record with an entry of LEN bytes takes. */
size_t wd_record_len(size_t len);

struct wd_segment;

/* Opens segment NUMBER of the folder for reading. WD_R_NOT_FOUND;
 * WD_R_TAMPERED when the head is not one of this segment. */
int wd_segment_open(int folder, uint32_t number, struct wd_segment **ret,
    struct wd_diag *d) WD_MUST_USE;
struct wd_segment *wd_segment_close(struct wd_segment *s);
void wd_segment_closep(struct wd_segment **s);

uint64_t wd_segment_first(const struct wd_segment *s);
uint64_t wd_segment_next_index(const struct wd_segment *s);
uint64_t wd_segment_at(const struct wd_segment *s); /* of what comes next */

/*
 * The next record; its entry is valid until the next call. With an empty entry
 * when zeros or the end of the file follow. WD_R_TAMPERED when what follows is
 * no record; then the place does not move, and wd_segment_tail() tells whether
 * that is tampering.
 */
int wd_segment_next(
    struct wd_segment *s, struct wd_record *ret, struct wd_diag *d) WD_MUST_USE;

/* The same without hashing the entry: for passing over records. */
int wd_segment_skip(
    struct wd_segment *s, struct wd_record *ret, struct wd_diag *d) WD_MUST_USE;

/*
 * Judges everything from the present place on: 0 with the number of bytes a
 * torn batch left there (0: only zeros), or WD_R_TAMPERED when an entry that
 * had been made durable is damaged or gone.
 */
int wd_segment_tail(struct wd_segment *s, uint64_t *ret_torn, struct wd_diag *d)
    WD_MUST_USE;
