/*
 * libcrypto's memory functions.
 */
#include "crypto/memory.h"

#include "base/reason.h"

#include <openssl/crypto.h>

static struct {
	void *(*alloc)(size_t);
	void *(*resize)(void *, size_t);
	void (*release)(void *);
} memory;

/* libcrypto takes no bytes for no memory, in both directions. */
static void *
memory_alloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return len == 0 ? NULL : memory.alloc(len);
}

static void *
memory_resize(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	if (len > 0)
		return memory.resize(p, len);
	memory.release(p);
	return NULL;
}

static void
memory_release(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	memory.release(p);
}

int
wd_crypto_use_memory(void *(*alloc)(size_t), void *(*resize)(void *, size_t),
    void (*release)(void *), struct wd_diag *d)
{
	/* libcrypto refuses only after it has used memory of its own. */
	if (memory.alloc != NULL ||
	    CRYPTO_set_mem_functions(
		memory_alloc, memory_resize, memory_release) != 1)
		return wd_fault(d, WD_F_BUG,
		    "libcrypto was used before its memory was chosen");
	memory.alloc = alloc;
	memory.resize = resize;
	memory.release = release;
	return 0;
}
