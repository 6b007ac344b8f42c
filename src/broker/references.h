/*
 * Sets of reference values as policies use them: kept compiled beside the
 * policies, and forgotten together with them.
 */
#pragma once

#include "broker/broker.h"
#include "codec/jtext.h"
#include "policy/reference.h"

/* Fills in the sets that P names, as they are stored now. One that is not
 * there stays out. WD_R_TAMPERED when one does not compile; or a fault. */
int wd_broker_link(struct wd_broker *b, struct wd_policy *p, struct wd_diag *d)
    WD_MUST_USE;

/* Whether those of P still find room beside what is kept. */
bool wd_references_fit(const struct wd_broker *b, const struct wd_policy *p);

/* Policies that were linked must be forgotten too. */
void wd_references_forget(struct wd_broker *b);

/* The sets that P names, as an array of {"name","version"}; one that is not
 * there has no version. */
void wd_references_write(const struct wd_policy *p, struct wd_jtext *j);
