/*
 * Listeners and TLS, from descriptors that the supervisor opened.
 */
#include "bin/front/front.h"

#include <sys/socket.h>

#include "base/secret.h"
#include "sys/file.h"
#include "sys/log.h"

/* The admin listener may have a key of its own, else it shares the public. */
static int
descriptor_for(struct front *f, enum wd_ctl_fd what, bool admin)
{
	int fd = wd_role_descriptor(f->role, what, admin, 0);

	return fd >= 0 ? fd : wd_role_descriptor(f->role, what, !admin, 0);
}

static int
open_tls(struct front *f, bool admin, struct wd_tls **ret, struct wd_diag *d)
{
	WD_AUTO(wd_secret_freep) struct wd_secret *key = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *chain = NULL;
	WD_AUTO(wd_secret_freep) struct wd_secret *ca = NULL;
	int key_fd = descriptor_for(f, WD_CTL_TLS_KEY, admin);
	int chain_fd = descriptor_for(f, WD_CTL_TLS_CERT, admin);
	int ca_fd = wd_role_descriptor(f->role, WD_CTL_CLIENT_CA, admin, 0);
	struct wd_tls_config config = { .tls12 = f->config->tls12 };
	int r;

	if (key_fd < 0 || chain_fd < 0)
		return wd_fault(d, WD_F_PEER,
		    "a TCP listener came without TLS key and certificate");
	if ((r = wd_file_read_shared(key_fd, WD_CTL_PEM_MAX, &key, d)) != 0 ||
	    (r = wd_file_read_shared(chain_fd, WD_CTL_PEM_MAX, &chain, d)) != 0)
		return r;
	if (ca_fd >= 0 &&
	    (r = wd_file_read_shared(ca_fd, WD_CTL_PEM_MAX, &ca, d)) != 0)
		return r;
	config.key_pem = wd_secret_borrow(key);
	config.chain_pem = wd_secret_borrow(chain);
	config.client_ca = wd_secret_borrow(ca);
	return wd_tls_new(&config, ret, d);
}

static bool
is_local(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	    domain == AF_UNIX;
}

/* The switch alone does not do it: a front that was not started with the admin
 * row of the call table has no way to ask its keeper, so it offers nothing. */
static bool
serves_admin_to_all(const struct front *f)
{
	return f->config->admin_on_public && f->self == WD_PROC_ADMIN_FRONT;
}

static int
listen_one(struct front *f, int fd, bool admin, struct wd_diag *d)
{
	struct wd_tls **tls = admin ? &f->admin_tls : &f->tls;
	unsigned bits = admin ? FRONT_BOTH : FRONT_PUBLIC;
	int r;

	if (!admin && serves_admin_to_all(f)) {
		wd_log(WD_LOG_WARNING, "admin_on_public", NULL);
		bits = FRONT_BOTH;
	}
	if (is_local(fd))
		return wd_http_listen(f->http, fd, NULL, bits, d);
	if (*tls == NULL && (r = open_tls(f, admin, tls, d)) != 0)
		return r;
	return wd_http_listen(f->http, fd, *tls, bits, d);
}

int
front_listen(struct front *f, struct wd_diag *d)
{
	unsigned n = 0;

	for (int admin = 0; admin <= 1; admin++)
		for (unsigned i = 0;; i++, n++) {
			int fd = wd_role_descriptor(
			    f->role, WD_CTL_LISTEN, admin == 1, i);
			int r = fd < 0 ? 0 : listen_one(f, fd, admin == 1, d);

			if (r != 0)
				return r;
			if (fd < 0)
				break;
		}
	return n > 0 ? 0
		     : wd_fault(d, WD_F_PEER, "no listening socket was given");
}
