/*
 * Keys and certificates of TLS out of PEM texts, for both of its sides. For
 * files of this folder.
 */
#pragma once

#include "base/diag.h"
#include "base/span.h"

#include <openssl/types.h>

/* CHAIN: the leaf first. KEY: not encrypted. WD_R_MALFORMED, WD_R_MISMATCH (of
 * one another), or a fault. */
int wd_tls_use_pair(SSL_CTX *ctx, struct wd_span chain, struct wd_span key,
    struct wd_diag *d) WD_MUST_USE;

/* Trusts the certificates of PEM; CLIENTS: of clients, who are told so.
 * WD_R_MALFORMED when there is none, or a fault. */
int wd_tls_trust(SSL_CTX *ctx, struct wd_span pem, bool clients,
    struct wd_diag *d) WD_MUST_USE;
