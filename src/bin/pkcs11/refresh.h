/*
 * What the holder says of its token and its keys, asked for when it may have
 * changed.
 */
#pragma once

#include <stdbool.h>

/* The token's label and serial number are known; asks for them once. */
bool wd_refresh_token(void);

/*
 * The keys are those the holder has now, or (it being away) those it had when
 * it was last asked. False when it never answered.
 */
bool wd_refresh_keys(void);
