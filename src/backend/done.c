/*
 * The ends of what a backend has answered.
 */
#include "backend/backend.h"

void
wd_backend_made_done(struct wd_backend_made *m)
{
	m->spki = wd_bytes_free(m->spki);
}

void
wd_backend_got_done(struct wd_backend_got *g)
{
	g->bytes = wd_secret_free(g->bytes);
	wd_wipe(g->lease, sizeof(g->lease));
}
