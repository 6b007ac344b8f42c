/*
 * What a process is told before it starts: its configuration, the descriptors
 * of its row and no others, and its peers.
 */
#include "bin/warderd/supervisor.h"

#include "base/wr.h"
#include "proto/calls.h"

int
sup_tell(struct sup_proc *p, enum wd_call call, const void *msg, int fd)
{
	uint32_t number;
	int r = wd_peer_send(&p->control, call, msg, fd, &number);

	/* A channel keeps only a few descriptors back, and a role that starts
	 * is given one for each of its peers. */
	return r != 0 || fd < 0 ? r : wd_chan_flush(p->control.chan);
}

static void
write_anchors(struct wd_wr *wr, const struct wd_conf *c)
{
	for (size_t i = 0; i < c->n_anchors; i++) {
		wd_wr_u8(wr, (uint8_t)c->anchors[i].tee);
		wd_wr_u8(wr, c->anchors[i].software);
		wd_wr_bytes(wr, WD_SPAN(c->anchors[i].sha256));
	}
}

/* Of each line; zeros where there is no minimum. */
static void
write_min_tcb(struct wd_wr *wr, const struct wd_conf *c)
{
	for (size_t i = WD_SNP_NO_LINE + 1; i < WD_SNP_LINES; i++) {
		const struct wd_snp_tcb *tcb = &c->snp_min_tcb[i];

		wd_wr_u8(wr, (uint8_t)i);
		wd_wr_u8(wr, tcb->fmc);
		wd_wr_u8(wr, tcb->boot_loader);
		wd_wr_u8(wr, tcb->tee);
		wd_wr_u8(wr, tcb->snp);
		wd_wr_u8(wr, tcb->microcode);
	}
}

static void
add_rules(struct wd_msg_config *m, const struct wd_conf *c)
{
	m->allow_debug = c->allow_debug;
	m->crl_optional = c->crl_optional;
	m->min_evaluation_number = c->min_evaluation_number;
	m->sgx_min_evaluation_number = c->sgx_min_evaluation_number;
	m->tdx_min_evaluation_number = c->tdx_min_evaluation_number;
	m->snp_max_vmpl = (uint8_t)c->snp_max_vmpl;
	m->snp_allow_migrate_ma = c->snp_allow_migrate_ma;
	m->tpm_required_pcrs = c->tpm_required_pcrs;
	m->tpm_allow_sha1 = c->tpm_allow_sha1;
	m->tpm_ak_purpose_optional = c->tpm_ak_purpose_optional;
	m->tpm_ek_crl_required = c->tpm_ek_crl_required;
}

static void
write_ek_anchors(struct wd_wr *wr, const struct wd_conf *c)
{
	for (size_t i = 0; i < c->n_ek_anchors; i++) {
		wd_wr_u8(wr, c->ek_anchors[i].software);
		wd_wr_bytes(wr, WD_SPAN(c->ek_anchors[i].sha256));
	}
}

/* For keepers, which know no more of a backend than what it is called and can.
 */
static void
write_backends(struct wd_wr *wr, const struct wd_conf *c)
{
	for (size_t i = 0; i < c->n_backends; i++) {
		const struct wd_conf_backend *b = &c->backends[i];
		struct wd_msg_backend_entry m = {
			.name = wd_span_text(b->conf.name),
			.kind = (uint8_t)b->conf.form->kind,
			.kind_name = wd_span_text(b->conf.form->name),
			.can = b->conf.form->can,
			.kinds = b->conf.form->kinds,
			.timeout_ms = b->timeout_ms,
			.processes = (uint8_t)b->processes,
		};

		wd_list_add(wr, &wd_msg_backend_entry_type, &m);
	}
}

/* Its section, for a process of a backend. */
static int
tell_backend(struct sup_proc *p)
{
	WD_AUTO(wd_wr_done) struct wd_wr wr = wd_wr_growing(24576);
	const struct wd_conf_backend *b;
	struct wd_msg_backend_conf m;

	if (p->proc != WD_PROC_BACKEND)
		return 0;
	b = sup_backend_of(p);
	for (size_t i = 0; i < b->conf.n; i++) {
		struct wd_msg_backend_setting setting = {
			.name = wd_span_text(b->conf.at[i].key->name),
			.value = wd_span_text(b->conf.at[i].value),
		};

		wd_list_add(&wr, &wd_msg_backend_setting_type, &setting);
	}
	m = (struct wd_msg_backend_conf){
		.name = wd_span_text(b->conf.name),
		.kind = (uint8_t)b->conf.form->kind,
		.timeout_ms = b->timeout_ms,
		.settings = wd_wr_span(&wr),
	};
	return sup_tell(p, WD_CALL_BACKEND_CONF, &m, -1);
}

static int
tell_config(struct sup_proc *p)
{
	const struct wd_conf *c = &p->setup->conf;
	uint8_t room[WD_CONF_ANCHORS * 34];
	uint8_t tcb_room[WD_SNP_LINES * 6];
	uint8_t ek_room[WD_CONF_EK_ANCHORS * 33];
	uint8_t backend_room[1024];
	struct wd_wr anchors = wd_wr_fixed(room, sizeof(room));
	struct wd_wr backends = wd_wr_fixed(backend_room, sizeof(backend_room));
	struct wd_wr ek_anchors = wd_wr_fixed(ek_room, sizeof(ek_room));
	struct wd_wr min_tcb = wd_wr_fixed(tcb_room, sizeof(tcb_room));
	struct wd_msg_config m = {
		.rpc_version = WD_RPC_VERSION,
		.role = (uint8_t)p->proc,
		.cell = p->cell,
		.cells = (uint16_t)p->setup->cells,
		.log_level = c->log_level,
		.admin = sup_serves_admin(c, p->cell),
		.state_dir = wd_span_text(c->state_dir),
		.run_dir = wd_span_text(c->run_dir),
		.server_name = wd_span_text(c->name),
		.admin_on_public = c->admin_on_public,
		.tls12 = c->tls12,
		.max_body = c->max_body,
		.max_connections = c->max_connections,
		.max_per_source = c->max_per_source,
		.deadline_ms = c->request_seconds * 1000,
		.idle_ms = c->idle_seconds * 1000,
		.session_seconds = c->session_seconds,
		.attestations_per_network = c->attestations_per_network,
		.entries_per_platform = c->entries_per_platform,
		.entries_per_session = c->entries_per_session,
		.tpm_enrolment_seconds = c->tpm_enrolment_seconds,
		.client_ca = wd_span_text(c->client_ca),
		.pkcs11 = wd_span_text(c->pkcs11),
		.pkcs11_environment = wd_span_text(c->pkcs11_environment),
		.pkcs11_oaep_sha1 = c->pkcs11_oaep_sha1,
		.seal_tpm = wd_span_text(c->seal_tpm),
		.seal_tpm_pcrs = c->seal_tpm_pcrs,
		.seal_probe_seconds = c->seal_probe_seconds,
		.seal_wrap_cache_seconds = c->seal_wrap_cache_seconds,
		.keyring_uses = c->keyring_uses,
		.keyring_days = c->keyring_days,
		.default_backend = wd_span_text(c->default_backend),
	};

	write_anchors(&anchors, c);
	if (p->proc == WD_PROC_KEEPER)
		write_backends(&backends, c);
	m.backends = wd_wr_span(&backends);
	m.anchors = wd_wr_span(&anchors);
	write_ek_anchors(&ek_anchors, c);
	m.ek_anchors = wd_wr_span(&ek_anchors);
	write_min_tcb(&min_tcb, c);
	m.snp_min_tcb = wd_wr_span(&min_tcb);
	add_rules(&m, c);
	return sup_tell(p, WD_CALL_CONFIG, &m, -1);
}

static int
give(struct sup_proc *p, enum wd_ctl_fd what, bool admin, int fd)
{
	struct wd_msg_descriptor m = { (uint8_t)what, admin };

	if (fd < 0 || (p->role->descriptors >> (unsigned)what & 1) == 0)
		return 0;
	return sup_tell(p, WD_CALL_DESCRIPTOR, &m, fd);
}

static int
give_descriptors(struct sup_proc *p)
{
	const struct sup_setup *s = p->setup;
	bool admin = p->cell >= WD_ADMIN_CELL_2;
	int r = 0;

	if (r == 0 && admin)
		r = give(p, WD_CTL_LISTEN, true, s->admin_local);
	if (r == 0 && admin)
		r = give(p, WD_CTL_LISTEN, true, s->admin_listen);
	if (r == 0 && !admin)
		r = give(p, WD_CTL_LISTEN, false, s->public_listen);
	if (r == 0)
		r = give(p, WD_CTL_TLS_KEY, admin, s->tls_key);
	if (r == 0)
		r = give(p, WD_CTL_TLS_CERT, admin, s->tls_certificate);
	if (r == 0)
		r = give(p, WD_CTL_CLIENT_CA, admin, s->client_ca);
	if (r == 0)
		r = give(p, WD_CTL_SEAL_PIN, false, s->seal_pin);
	if (r == 0)
		r = give(p, WD_CTL_STATE_DIR, false, s->state_dir);
	if (r == 0)
		r = give(p, WD_CTL_LOG_DIR, false, s->log_dir);
	return r;
}

int
sup_configure(struct sup *s, struct sup_proc *p, struct wd_diag *d)
{
	int r = tell_config(p);

	if (r == 0)
		r = tell_backend(p);
	if (r == 0)
		r = give_descriptors(p);
	if (r != 0)
		return wd_fault(d, (enum wd_faults)r, "cannot configure it");
	sup_link(s, p);
	r = sup_tell(p, WD_CALL_START, NULL, -1);
	return r == 0 ? 0
		      : wd_fault(d, (enum wd_faults)r, "cannot configure it");
}
