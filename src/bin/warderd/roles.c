/*
 * The roles the supervisor starts, and who speaks to whom. Everything the
 * supervisor treats differently from role to role is a column here.
 */
#include "bin/warderd/supervisor.h"

#define USER(member) offsetof(struct wd_conf, member)
#define GIVES(what) (1u << (unsigned)WD_CTL_##what)

enum { MIB = 1 << 20 };

static const struct sup_role roles[] = {
	/* Finding the end of the log may take as long as the disk needs. */
	{ WD_PROC_SCRIBE, "warder-scribe", USER(user_scribe), GIVES(LOG_DIR),
	    .start_ms = 120000, .max_files = 1024 },
	/* Its maker's module may take its time to load. */
	{ WD_PROC_DEVICE, "warder-device", USER(user_device), GIVES(SEAL_PIN),
	    .start_ms = 15000, .max_files = 256, .max_locked = 8 * MIB,
	    .optional = true, .joined_when_ready = true },
	/* Some of these load modules too. */
	{ WD_PROC_BACKEND, "warder-backend", USER(user_backend), 0,
	    .start_ms = 15000, .max_files = 1024, .max_locked = 32 * MIB,
	    .optional = true, .joined_when_ready = true },
	/* Room for scrypt's 128 MiB beside the arena. */
	{ WD_PROC_SEAL, "warder-seal", USER(user_seal), GIVES(STATE_DIR),
	    .start_ms = 15000, .max_files = 1024, .max_locked = 256 * MIB },
	{ WD_PROC_VERIFY, "warder-verify", USER(user_verify), 0,
	    .start_ms = 15000, .max_files = 1024, .pinned = true },
	{ WD_PROC_KEEPER, "warder-keeper", USER(user_keeper), GIVES(STATE_DIR),
	    .start_ms = 15000, .max_files = 1024, .max_locked = 64 * MIB,
	    .pinned = true },
	{ WD_PROC_FRONT, "warder-front", USER(user_front),
	    GIVES(LISTEN) | GIVES(TLS_KEY) | GIVES(TLS_CERT) | GIVES(CLIENT_CA),
	    .start_ms = 15000, .max_files = 256, .pinned = true },
};

static const struct {
	enum wd_proc a, b;
	bool within_cell;
} links[] = {
	{ WD_PROC_FRONT, WD_PROC_KEEPER, true },
	{ WD_PROC_ADMIN_FRONT, WD_PROC_KEEPER, true },
	{ WD_PROC_KEEPER, WD_PROC_VERIFY, true },
	{ WD_PROC_KEEPER, WD_PROC_SCRIBE, false },
	{ WD_PROC_KEEPER, WD_PROC_SEAL, false },
	{ WD_PROC_SEAL, WD_PROC_DEVICE, false },
	{ WD_PROC_KEEPER, WD_PROC_BACKEND, false },
};

const struct sup_role *
sup_roles(size_t *ret_n)
{
	*ret_n = WD_N(roles);
	return roles;
}

const struct sup_role *
sup_role(enum wd_proc proc)
{
	if (proc == WD_PROC_ADMIN_FRONT)
		proc = WD_PROC_FRONT; /* one program */
	for (size_t i = 0; i < WD_N(roles); i++)
		if (roles[i].proc == proc)
			return &roles[i];
	return NULL;
}

bool
sup_is_linked(enum wd_proc a, enum wd_proc b, bool *ret_within_cell)
{
	for (size_t i = 0; i < WD_N(links); i++) {
		*ret_within_cell = links[i].within_cell;
		if ((links[i].a == a && links[i].b == b) ||
		    (links[i].a == b && links[i].b == a))
			return true;
	}
	return false;
}

bool
sup_role_is_wanted(const struct sup_role *role, const struct wd_conf *c)
{
	if (!role->optional)
		return true;
	return role->proc == WD_PROC_BACKEND ? c->n_backends > 0
					     : wd_conf_has_device(c);
}

int
sup_program(
    const struct sup_role *role, char ret[WD_SPAWN_PATH], struct wd_diag *d)
{
	return wd_spawn_find(role->program, WARDER_LIBEXECDIR, ret, d);
}
