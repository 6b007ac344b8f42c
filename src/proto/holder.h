/*
 * What a program and the holder of keys (warder-agent) say to each other over
 * /run/warder-agent/holder.sock. One message is one packet of a SOCK_SEQPACKET
 * socket: a header of 16 bytes and a flat body, little endian, 64 KiB at most.
 * docs/holder-protocol.md says the same in words. No sockets here, and no
 * library but base: the PKCS#11 module links this file.
 */
#pragma once

#include "base/id.h"
#include "base/rd.h"
#include "base/wr.h"

/* Where both sides look when nobody says otherwise. */
#define WD_HOLDER_SOCKET "/run/warder-agent/holder.sock"

enum {
	WD_HOLDER_VERSION = 1,
	WD_HOLDER_HEAD = 16,
	WD_HOLDER_MAX = 65536, /* header and body */
	WD_HOLDER_REPLY = 1,   /* flag: answers the request of this number */
	WD_HOLDER_TOKEN_LABEL_MAX = 32,
	WD_HOLDER_SERIAL_LEN = 16,
	WD_HOLDER_LABEL_MAX = 128,
	WD_HOLDER_SPKI_MAX = 1024,
	WD_HOLDER_PART_MAX = 512,
	WD_HOLDER_CHAIN_MAX = 8, /* certificates of one key */
	WD_HOLDER_CHAIN_BYTES = 49152,
	WD_HOLDER_DATA_MAX = 61440, /* what one SIGN may carry */
	WD_HOLDER_SIG_MAX = 512,
	WD_HOLDER_NAME_MAX = 64,
	WD_HOLDER_PIECE_MAX = 61440, /* what one answer to GET carries */
};

enum wd_holder_op {
	WD_HOLDER_HELLO = 1,
	WD_HOLDER_LIST = 2,
	WD_HOLDER_SIGN = 3,
	WD_HOLDER_STATUS = 4,
	WD_HOLDER_GET = 5,
	WD_HOLDER_ROTATE = 6, /* asks the server for every key again, now */
};

/* First two bytes of every reply's body. The rows are in proto/holder.def. */
enum wd_holder_status {
#define WD_HOLDER_STATUS_ROW(number, name, text) WD_HOLDER_##name = number,
#include "proto/holder.def"
#undef WD_HOLDER_STATUS_ROW
};

/* A sentence for people; for unknown numbers one that says so. */
const char *wd_holder_status_text(unsigned status);

enum wd_holder_kind {
	WD_HOLDER_RSA = 1,
	WD_HOLDER_P256 = 2,
	WD_HOLDER_P384 = 3,
	WD_HOLDER_P521 = 4,
	WD_HOLDER_ED25519 = 5,
};

enum wd_holder_mech {
	WD_HOLDER_PKCS1 = 1, /* DigestInfo, or what the caller pads */
	WD_HOLDER_PSS = 2,
	WD_HOLDER_ECDSA = 3, /* a digest; raw r || s comes back */
	WD_HOLDER_EDDSA = 4, /* the message */
};

enum wd_holder_hash {
	WD_HOLDER_NO_HASH = 0,
	WD_HOLDER_SHA256 = 1,
	WD_HOLDER_SHA384 = 2,
	WD_HOLDER_SHA512 = 3,
};

struct wd_holder_head {
	uint8_t version;
	enum wd_holder_op op;
	bool reply;
	uint32_t request;
	uint32_t epoch; /* reply: changes when what anyone may see changes */
};

/* What the token is called. */
struct wd_holder_hello {
	struct wd_span label;  /* UTF-8, at most 32 bytes */
	struct wd_span serial; /* 16 characters */
};

/* The public part of one key. */
struct wd_holder_key {
	struct wd_id id;
	uint32_t generation; /* version of the key, counted from 1 */
	enum wd_holder_kind kind;
	uint32_t mechs;        /* bit N: enum wd_holder_mech N is allowed */
	struct wd_span label;  /* UTF-8 */
	struct wd_span spki;   /* SubjectPublicKeyInfo, DER */
	struct wd_span n_or_x; /* RSA modulus, else X coordinate */
	struct wd_span e_or_y; /* RSA exponent, else Y; empty for Ed25519 */
	size_t n_certs;
	struct wd_span certs[WD_HOLDER_CHAIN_MAX]; /* DER, leaf first */
};

struct wd_holder_sign {
	struct wd_id id;
	uint32_t generation;
	enum wd_holder_mech mech;
	enum wd_holder_hash hash; /* PSS: of the digest */
	enum wd_holder_hash mgf;  /* PSS */
	uint16_t salt_len;        /* PSS */
	struct wd_span data;
};

enum wd_holder_part {
	WD_HOLDER_SECRET = 1, /* never of a key that signs */
	WD_HOLDER_CHAIN = 2,  /* certificates, PEM */
};

struct wd_holder_get {
	struct wd_span name; /* as the agent's configuration calls it */
	enum wd_holder_part part;
	uint32_t from; /* bytes in front of the piece that is asked for */
};

struct wd_holder_piece {
	uint32_t total; /* bytes of the whole */
	struct wd_span bytes;
};

/* One line of STATUS. */
struct wd_holder_line {
	struct wd_span name;
	struct wd_span value;
};

/* ---- the frame */

/*
 * Starts a message in WR, which must be empty; its body follows, then
 * wd_holder_finish() fills the length in. A reply's status is part of the body.
 */
void wd_holder_start(struct wd_wr *wr, const struct wd_holder_head *head);
void wd_holder_start_reply(struct wd_wr *wr, const struct wd_holder_head *head,
    enum wd_holder_status status);

/* 0, or WD_R_TOO_LARGE, or a fault. */
int wd_holder_finish(struct wd_wr *wr) WD_MUST_USE;

/*
 * Takes a packet apart: HEAD, and BODY as a view of the rest. WD_R_VERSION
 * (HEAD->version and the request number are set all the same, so that it can
 * be answered); WD_R_MALFORMED when the length is not that of the packet or a
 * flag is unknown; WD_R_TOO_LARGE. An unknown op is for the caller to refuse.
 */
int wd_holder_open(struct wd_span packet, struct wd_holder_head *ret_head,
    struct wd_span *ret_body) WD_MUST_USE;

/* Takes the status off a reply's body. WD_R_MALFORMED when it is not there. */
int wd_holder_status(struct wd_span *body, unsigned *ret_status) WD_MUST_USE;

/*
 * ---- bodies. Writers poison WR when a field is over its cap: our own bug.
 * Readers take the whole body; WD_R_MALFORMED otherwise. Spans view the body.
 */

void wd_holder_write_hello(struct wd_wr *wr, const struct wd_holder_hello *m);
int wd_holder_read_hello(struct wd_span body, struct wd_holder_hello *ret)
    WD_MUST_USE;

/* LIST asks for the keys from number FROM on. */
void wd_holder_write_list_ask(struct wd_wr *wr, uint32_t from);
int wd_holder_read_list_ask(struct wd_span body, uint32_t *ret_from)
    WD_MUST_USE;

/*
 * Its answer: the number to ask for next (0: that was all), then keys. The
 * number is known last: write 0 and patch it at the offset that comes back.
 */
size_t wd_holder_write_list(struct wd_wr *wr);
int wd_holder_read_list(struct wd_span body, uint32_t *ret_next,
    struct wd_span *ret_keys) WD_MUST_USE;

void wd_holder_write_key(struct wd_wr *wr, const struct wd_holder_key *m);

/* Takes the next key off KEYS; ENTRY views its bytes, so that they can be kept
 * and read again with wd_holder_read_key(). */
int wd_holder_next_key(struct wd_span *keys, struct wd_span *ret_entry)
    WD_MUST_USE;
int wd_holder_read_key(struct wd_span entry, struct wd_holder_key *ret)
    WD_MUST_USE;

void wd_holder_write_sign(struct wd_wr *wr, const struct wd_holder_sign *m);
int wd_holder_read_sign(struct wd_span body, struct wd_holder_sign *ret)
    WD_MUST_USE;

/* The answer to SIGN: 1 to 512 bytes. */
void wd_holder_write_signature(struct wd_wr *wr, struct wd_span signature);
int wd_holder_read_signature(struct wd_span body, struct wd_span *ret)
    WD_MUST_USE;

/* The answer to STATUS: lines one after the other. */
void wd_holder_write_line(struct wd_wr *wr, const struct wd_holder_line *m);
int wd_holder_next_line(struct wd_span *body, struct wd_holder_line *ret)
    WD_MUST_USE;

void wd_holder_write_get(struct wd_wr *wr, const struct wd_holder_get *m);
int wd_holder_read_get(struct wd_span body, struct wd_holder_get *ret)
    WD_MUST_USE;

/* The answer to GET: as much of ALL from FROM on as one packet carries. */
void wd_holder_write_piece(struct wd_wr *wr, struct wd_span all, uint32_t from);
int wd_holder_read_piece(struct wd_span body, struct wd_holder_piece *ret)
    WD_MUST_USE;
