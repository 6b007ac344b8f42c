/*
 * libwarder-verify: evidence of trusted execution environments in, claims or a
 * reason out. No files, no network; time and trust anchors are parameters.
 * libwarder-verify(3) tells how to begin, examples/appraise.c is a program.
 *
 * What evidence says is in verify/claims.h, judging it in verify/appraise.h,
 * checking and collecting collateral in verify/collateral.h, several parts in
 * one block in verify/bundle.h. Call wd_crypto_init() once before anything
 * else.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include "crypto/init.h"
#include "verify/appraise.h"
#include "verify/bundle.h"
#include "verify/claims.h"
#include "verify/claims_text.h"
#include "verify/collateral.h"

#ifdef __cplusplus
}
#endif
