/*
 * Small readings of HTTP text: classes of bytes, words in either case, lists.
 */
#pragma once

#include "base/rd.h"

/* Classes of bytes (RFC 9110, 5.6.2; the targets are narrower than RFC 3986).
 */
bool wd_text_is_token(uint8_t c);
bool wd_text_is_visible(uint8_t c); /* ASCII without space */
bool wd_text_is_path(uint8_t c);    /* letters, digits and "-._~/" */
bool wd_text_is_query(uint8_t c);   /* those, and ":,@=&%" */
bool wd_text_is_host(uint8_t c);    /* letters, digits and "-._:[]" */

/* The longest start of RD whose bytes are all of the class. */
struct wd_span wd_text_take_while(struct wd_rd *rd, bool (*is)(uint8_t c));

/* What comes before the next C, which is taken too; all when there is none. */
struct wd_span wd_text_take_until(struct wd_rd *rd, uint8_t c);

/* Without spaces at either end. */
struct wd_span wd_text_trim(struct wd_span s);

/* Equal without regard to ASCII case. */
bool wd_text_same_word(struct wd_span a, struct wd_span b);
bool wd_text_is_word(struct wd_span s, const char *word);

/* WORD is an element of the comma separated LIST. */
bool wd_text_lists_word(struct wd_span list, const char *word);
